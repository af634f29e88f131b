import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf, LONG_LEASE } from '../terms.mjs';
import { decorated } from '../../decorate.mjs';
import { tell, work } from './stage.mjs';

const EVERY_SECOND = '* * * * * *';
/** Timers of two processes do not fire in the same moment. */
const WORK_MS = 600;

function provider(method, decorators) {
  const type = decorated(method, decorators);
  Injectable()(type);
  return type;
}

/** A job that somebody calls: Nest does not know that it runs. */
export const calledJob = ({ lock }, wait) =>
  provider(() => work('job'), [lock(keyOf('job'), { ttl: LONG_LEASE, wait })]);

/** The same jobs in every replica of an app. */
export function cronJobs({ lock }) {
  const skipping = (name) => lock(keyOf(name), { ttl: LONG_LEASE, wait: 0, skips: true });
  // A timer may fire a millisecond too early.
  const report = (event) => tell({ event, name: Math.round(Date.now() / 1_000) });
  const ran = (event) => async () => {
    report(event);
    await sleep(WORK_MS);
  };
  const cron = Cron(EVERY_SECOND);
  return [
    provider(async () => report('ticked'), [cron]),
    provider(ran('cron-above'), [skipping('cron-above'), cron]),
    provider(ran('cron-below'), [cron, skipping('cron-below')]),
  ];
}
