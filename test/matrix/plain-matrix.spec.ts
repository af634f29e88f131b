import { describeMatrix } from './support/describe-matrix.js';
import { PLAIN } from './support/plain-kinds.js';

describeMatrix({ group: PLAIN, cells: 8 * 3 * 10 });
