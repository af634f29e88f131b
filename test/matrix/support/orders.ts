/** Where `@WithLock()` stands among the other decorators of a method. */
export interface Order {
  readonly name: string;
  /** Its place in the list that is read from above, when there are so many others. */
  readonly place: (others: number) => number;
}

export const ORDERS: readonly Order[] = [
  { name: 'above', place: () => 0 },
  { name: 'amid', place: (others) => Math.floor(others / 2) },
  { name: 'below', place: (others) => others },
];

/** `MATRIX_WITHOUT_LOCK=1 npm test -- test/matrix` leaves `@WithLock()` out of all cells; then each must fail, and is reported as passed if it does. */
export const WITHOUT_LOCK = process.env.MATRIX_WITHOUT_LOCK === '1';
