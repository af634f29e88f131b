import { describeMatrix } from './support/describe-matrix.js';
import { startMemoryBackend } from './support/memory-backend.js';
import { PLAIN } from './support/plain-kinds.js';

const kinds = PLAIN.kinds.map((kind) => ({ ...kind, ids: [...kind.ids, 'X1'] }));
const group = { ...PLAIN, name: 'a method of a provider, with the module for unit tests', kinds };

describeMatrix({ group, cells: 8 * 3 * 10, startBackend: startMemoryBackend });
