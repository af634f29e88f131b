import Redlock from 'redlock';
import { redlockFamily } from './redlock-family.mjs';

export const setup = redlockFamily(Redlock);
