/** How bad a world is. Chances are from 0 to 1; `every…` is the mean of milliseconds between two such events, `Infinity` for never. */
export interface Weather {
  readonly name: string;
  /** Of each way, at most. */
  readonly latency: number;
  /** Chance that a way takes thirty times as long. */
  readonly spikes: number;
  /** Chance that the server refuses a batch for now, as with OOM. */
  readonly refusals: number;
  /** Chance that one command of a batch fails alone, and for good. */
  readonly poison: number;
  /** Chance that the server has forgotten the script of a batch: it is sent again, behind what was sent since. */
  readonly noScripts: number;
  readonly lostWakeUps: number;
  /** Chance that the server does not let a process subscribe. */
  readonly inboxRefusals: number;
  /** Chance that a SUBSCRIBE is answered by an error that passes. */
  readonly inboxErrors: number;
  /** Whether the client sends again what was not answered when the connection broke. */
  readonly resends: boolean;
  /** How long after it was cut a connection may deliver what was under way, also after what is newer; 0: always before. */
  readonly oldBytes: number;
  readonly everyCut: number;
  /** Connections that take in everything, and answer nothing. */
  readonly everySilence: number;
  readonly everyInboxCut: number;
  /** Inboxes out of which nothing comes any more, and nobody notices. */
  readonly everyInboxSilence: number;
  readonly everyPause: number;
  /** Machines that are suspended: then the clock has jumped. */
  readonly everySuspend: number;
  readonly everyDeath: number;
  /** The engine is closed, and its client quits at once. */
  readonly everyShutdown: number;
  readonly everyFlush: number;
  readonly everyRestart: number;
  readonly everyForce: number;
  readonly everyForeigner: number;
  /** The server's clock steps, as with a replica that takes over. */
  readonly everyStep: number;
  /** Whether callers only acquire, hold, give up and release. */
  readonly isGentle: boolean;
  /** Lengths of leases; few, so that a lease of one caller often serves the next. */
  readonly ttls: readonly number[];
  /** Chance that a holder extends its lock between two steps, if it is not gentle. */
  readonly extensions: number;
  /** What holders do before they release, at most. */
  readonly steps: number;
  /** Milliseconds for which long holders go on between two steps, at most. */
  readonly holds: number;
  /** Of each process. */
  readonly callers: number;
  /** `crowd`: one process wants a key without end, and others want it too, or a program that uses no queue. */
  readonly people: 'all sorts' | 'crowd' | 'crowd and stranger';
}

const CALM: Weather = {
  name: 'a calm day',
  latency: 4,
  spikes: 0,
  refusals: 0,
  poison: 0,
  noScripts: 0,
  lostWakeUps: 0,
  inboxRefusals: 0,
  inboxErrors: 0,
  resends: true,
  oldBytes: 0,
  everyCut: Infinity,
  everySilence: Infinity,
  everyInboxCut: Infinity,
  everyInboxSilence: Infinity,
  everyPause: Infinity,
  everySuspend: Infinity,
  everyDeath: Infinity,
  everyShutdown: Infinity,
  everyFlush: Infinity,
  everyRestart: Infinity,
  everyForce: Infinity,
  everyForeigner: Infinity,
  everyStep: Infinity,
  isGentle: true,
  ttls: [150, 300, 300, 300, 1_200],
  extensions: 0.2,
  steps: 4,
  holds: 300,
  callers: 3,
  people: 'all sorts',
};

export const CLEAR: Weather = { ...CALM, name: 'clear' };

/** Longer than a world is rough, and than the queue lives: what waits for their end waits too long. */
const LONG_LEASES = [30_000];

/** What worlds are made of; each seed takes the next. */
export const WEATHERS: readonly Weather[] = [
  CALM,
  { ...CALM, name: 'neighbours', isGentle: false, everyForeigner: 1_500, everyForce: 2_500, everyFlush: 5_000 },
  { ...CALM, name: 'blocked event loops', isGentle: false, everyPause: 700, everyDeath: 15_000, spikes: 0.01 },
  // Long leases, so that what is left behind shows.
  {
    ...CALM,
    name: 'a crowd on broken connections',
    latency: 20,
    resends: false,
    everyCut: 600,
    everySilence: 800,
    ttls: [6_000, 6_000, 6_000, 300],
    callers: 6,
  },
  { ...CALM, name: 'a slow link', latency: 250, spikes: 0.03, isGentle: false, everyShutdown: 15_000 },
  {
    ...CALM,
    name: 'broken connections',
    latency: 20,
    isGentle: false,
    everyCut: 500,
    everySilence: 1_500,
    everyInboxCut: 1_000,
    lostWakeUps: 0.1,
  },
  {
    ...CALM,
    name: 'broken connections, nothing sent again',
    latency: 20,
    isGentle: false,
    resends: false,
    everyCut: 500,
    everySilence: 1_500,
    refusals: 0.05,
  },
  { ...CALM, name: 'a server clock that steps', isGentle: false, everyStep: 300 },
  { ...CALM, name: 'no inboxes', isGentle: false, inboxRefusals: 0.6, lostWakeUps: 0.3, everyInboxCut: 800 },
  {
    ...CALM,
    name: 'long leases, lost wake-ups',
    lostWakeUps: 0.3,
    everyInboxCut: 1_500,
    everyInboxSilence: 3_000,
    inboxErrors: 0.4,
    ttls: LONG_LEASES,
  },
  {
    ...CALM,
    name: 'long leases, dead processes',
    isGentle: false,
    everyPause: 1_000,
    everyDeath: 6_000,
    everyForce: 1_000,
    everyForeigner: 2_000,
    everyFlush: 4_000,
    ttls: LONG_LEASES,
  },
  {
    ...CALM,
    name: 'long leases, broken connections',
    latency: 20,
    everyCut: 800,
    everySilence: 1_200,
    everyInboxSilence: 2_000,
    ttls: LONG_LEASES,
  },
  {
    ...CALM,
    name: 'old bytes',
    latency: 20,
    resends: false,
    oldBytes: 2_500,
    everyCut: 500,
    everySilence: 800,
    ttls: LONG_LEASES,
  },
  {
    ...CALM,
    name: 'old bytes, sent again',
    latency: 20,
    oldBytes: 2_500,
    everyCut: 500,
    everySilence: 800,
    ttls: LONG_LEASES,
  },
  // Few callers who hold long, so that what comes late meets one.
  {
    ...CALM,
    name: 'old bytes, sent again, long holders',
    latency: 20,
    isGentle: false,
    oldBytes: 2_500,
    everyCut: 400,
    everySilence: 800,
    steps: 16,
    holds: 300,
    extensions: 0.8,
    callers: 2,
    ttls: LONG_LEASES,
  },
  { ...CALM, name: 'one bad command among others', latency: 20, poison: 0.05, ttls: LONG_LEASES },
  { ...CALM, name: 'forgotten scripts', latency: 20, noScripts: 0.15, isGentle: false },
  { ...CALM, name: 'shut-downs', latency: 20, everyShutdown: 2_000, callers: 6, ttls: LONG_LEASES },
  { ...CALM, name: 'suspended machines', isGentle: false, everySuspend: 1_000, everyPause: 1_500 },
  { ...CALM, name: 'a crowd', ttls: LONG_LEASES, people: 'crowd' },
  {
    ...CALM,
    name: 'a crowd whose inboxes fail',
    everyInboxCut: 800,
    inboxErrors: 0.7,
    ttls: LONG_LEASES,
    people: 'crowd',
  },
  { ...CALM, name: 'a crowd and a stranger', ttls: LONG_LEASES, people: 'crowd and stranger' },
  {
    name: 'everything at once',
    latency: 40,
    spikes: 0.02,
    refusals: 0.03,
    poison: 0.01,
    noScripts: 0.02,
    lostWakeUps: 0.1,
    inboxRefusals: 0.05,
    inboxErrors: 0.1,
    resends: true,
    oldBytes: 0,
    everyCut: 2_000,
    everySilence: 3_000,
    everyInboxCut: 2_000,
    everyInboxSilence: 10_000,
    everyPause: 1_500,
    everySuspend: 5_000,
    everyDeath: 20_000,
    everyShutdown: 20_000,
    everyFlush: 10_000,
    everyRestart: 10_000,
    everyForce: 5_000,
    everyForeigner: 5_000,
    everyStep: Infinity,
    isGentle: false,
    ttls: [...CALM.ttls, 30_000],
    extensions: CALM.extensions,
    steps: CALM.steps,
    holds: CALM.holds,
    callers: CALM.callers,
    people: CALM.people,
  },
];

const SPIKE_FACTOR = 30;
const LONGEST_SPIKE_MS = 2_000;

/** Milliseconds that one way may take. */
export function longestWay({ latency, spikes }: Weather): number {
  return spikes === 0 ? latency : longestSpike(latency);
}

export function longestSpike(latency: number): number {
  return Math.min(latency * SPIKE_FACTOR, LONGEST_SPIKE_MS);
}

/** Whether every command is answered, once and soon. */
export function isLinkReliable({
  spikes,
  refusals,
  poison,
  noScripts,
  everyCut,
  everySilence,
  everyRestart,
}: Weather): boolean {
  return (
    [spikes, refusals, poison, noScripts].every((chance) => chance === 0) &&
    [everyCut, everySilence, everyRestart].every((mean) => mean === Infinity)
  );
}

/** Whether wake-ups alone are enough. */
export function isCalm(weather: Weather): boolean {
  return weather.isGentle && weather.people === 'all sorts' && isLinkReliable(weather) && areWakeUpsReliable(weather);
}

/** Whether whoever is in the queue hears its wake-up, also soon. */
export function areWakeUpsReliable({
  lostWakeUps,
  inboxRefusals,
  inboxErrors,
  everyInboxCut,
  everyInboxSilence,
}: Weather): boolean {
  return (
    [lostWakeUps, inboxRefusals, inboxErrors].every((chance) => chance === 0) &&
    everyInboxCut === Infinity &&
    everyInboxSilence === Infinity
  );
}
