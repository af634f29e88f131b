import { Redlock } from '@sesamecare-oss/redlock';
import { redlockFamily } from './redlock-family.mjs';

export const setup = redlockFamily(Redlock);
