/** What is on sale, and to how many. */
export const OFFER = { itemId: '1', pieces: 10, buyers: 50 } as const;
