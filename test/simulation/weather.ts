/** How bad a world is. Chances are from 0 to 1; `every…` is the mean of milliseconds between two such events, `Infinity` for never. */
export interface Weather {
  readonly name: string;
  /** Of each way, at most. */
  readonly latency: number;
  /** Chance that a way takes thirty times as long. */
  readonly spikes: number;
  /** Chance that the server refuses a command for now, as with OOM. */
  readonly refusals: number;
  readonly lostWakeUps: number;
  /** Chance that the server does not let a process subscribe. */
  readonly inboxRefusals: number;
  /** Whether the client sends again what was not answered when the connection broke. */
  readonly resends: boolean;
  readonly everyCut: number;
  /** Connections that take in everything, and answer nothing. */
  readonly everySilence: number;
  readonly everyInboxCut: number;
  readonly everyPause: number;
  readonly everyDeath: number;
  readonly everyShutdown: number;
  readonly everyFlush: number;
  readonly everyRestart: number;
  readonly everyForce: number;
  readonly everyForeigner: number;
  /** The server's clock steps back, as with a replica that takes over. */
  readonly everyStepBack: number;
  /** Whether callers only acquire, hold, give up and release. */
  readonly isGentle: boolean;
  /** Lengths of leases; few, so that a lease of one caller often serves the next. */
  readonly ttls: readonly number[];
  /** Of each process. */
  readonly callers: number;
}

const CALM: Weather = {
  name: 'a calm day',
  latency: 4,
  spikes: 0,
  refusals: 0,
  lostWakeUps: 0,
  inboxRefusals: 0,
  resends: true,
  everyCut: Infinity,
  everySilence: Infinity,
  everyInboxCut: Infinity,
  everyPause: Infinity,
  everyDeath: Infinity,
  everyShutdown: Infinity,
  everyFlush: Infinity,
  everyRestart: Infinity,
  everyForce: Infinity,
  everyForeigner: Infinity,
  everyStepBack: Infinity,
  isGentle: true,
  ttls: [150, 300, 300, 300, 1_200],
  callers: 3,
};

export const CLEAR: Weather = { ...CALM, name: 'clear' };

/** What worlds are made of; each seed takes the next. */
export const WEATHERS: readonly Weather[] = [
  CALM,
  { ...CALM, name: 'neighbours', isGentle: false, everyForeigner: 1_500, everyForce: 2_500, everyFlush: 5_000 },
  { ...CALM, name: 'blocked event loops', isGentle: false, everyPause: 700, everyDeath: 15_000, spikes: 0.01 },
  // Long leases, so that what is left behind shows.
  { ...CALM, name: 'a crowd on broken connections', latency: 20, resends: false, everyCut: 600, everySilence: 800, ttls: [6_000, 6_000, 6_000, 300], callers: 6 },
  { ...CALM, name: 'a slow link', latency: 250, spikes: 0.03, isGentle: false, everyShutdown: 15_000 },
  { ...CALM, name: 'broken connections', latency: 20, isGentle: false, everyCut: 500, everySilence: 1_500, everyInboxCut: 1_000, lostWakeUps: 0.1 },
  { ...CALM, name: 'broken connections, nothing sent again', latency: 20, isGentle: false, resends: false, everyCut: 500, everySilence: 1_500, refusals: 0.05 },
  { ...CALM, name: 'a server clock that steps back', isGentle: false, everyStepBack: 300 },
  { ...CALM, name: 'no inboxes', isGentle: false, inboxRefusals: 0.6, lostWakeUps: 0.3, everyInboxCut: 800 },
  {
    name: 'everything at once',
    latency: 40,
    spikes: 0.02,
    refusals: 0.03,
    lostWakeUps: 0.1,
    inboxRefusals: 0.05,
    resends: true,
    everyCut: 2_000,
    everySilence: 3_000,
    everyInboxCut: 2_000,
    everyPause: 1_500,
    everyDeath: 20_000,
    everyShutdown: 20_000,
    everyFlush: 10_000,
    everyRestart: 10_000,
    everyForce: 5_000,
    everyForeigner: 5_000,
    everyStepBack: Infinity,
    isGentle: false,
    ttls: CALM.ttls,
    callers: CALM.callers,
  },
];

/** Whether every command is answered, once and soon. */
export function isLinkReliable({ spikes, refusals, everyCut, everySilence, everyRestart }: Weather): boolean {
  return spikes === 0 && refusals === 0 && everyCut === Infinity && everySilence === Infinity && everyRestart === Infinity;
}
