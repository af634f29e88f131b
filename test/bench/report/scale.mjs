/** Above this a linear bar of the smallest is too short to be seen. */
const LINEAR_RANGE = 20;

const decade = (value) => Math.floor(Math.log10(value));

/** Places values on `width`: from zero to `limit`, or in decades when there is no limit and they lie far apart. `ticks` are worth a line. */
export function scaleFor(values, width, limit) {
  const [least, most] = [Math.min(...values), limit ?? Math.max(...values)];
  if (limit === undefined && least > 0 && most / least > LINEAR_RANGE) {
    const from = decade(least);
    const to = decade(most) + 1;
    const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
    return { isLog: true, ticks, place: (value) => ((Math.log10(value) - from) / (to - from)) * width };
  }
  return { isLog: false, ticks: [0], place: (value) => (value / most) * width };
}
