import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.js';
import { sceneOf, type Findings } from './scene.js';
import { STAGES, type Story } from './stages.js';
import { openWorld, type World } from './world.js';

/** From here on a lease may have ended because nobody could renew it, or a command have met its deadline. */
const BEARABLE_MS = 100;

export interface Outcome {
  readonly findings: ReadonlyMap<string, Findings>;
  /** Whether machine or server were too slow for the times in question, or the fault lasted much longer than meant. */
  readonly isSlow: boolean;
}

interface Part {
  readonly name: string;
  readonly findings: Findings;
  readonly story: Story | undefined;
}

/** One strike, with all times multiplied by `scale`. */
export async function strike(fault: Fault, scale: number): Promise<Outcome> {
  const world = await openWorld({ keepsData: fault.keepsData === true, scale });
  try {
    const findings = new Map<string, Findings>(Object.keys(STAGES).map((stage) => [stage, { wrong: [], late: [] }]));
    const parts = await Promise.all(everywhere(world, fault, findings));
    const lasts = world.scaled(fault.lasts);
    const begin = performance.now();
    for (const { story } of parts) story?.strike?.();
    world.delay.askServer(fault.haltsServer !== true);
    await fault.begin(world);
    for (const { story } of parts) story?.during?.();
    await sleep(lasts);
    await fault.end?.(world);
    world.delay.askServer(true);
    const overran = performance.now() - begin - lasts;
    await Promise.all(parts.map(check));
    return { findings, isSlow: Math.max(world.delay.longest, overran) > world.scaled(BEARABLE_MS) };
  } finally {
    await world.close();
  }
}

async function check({ name, story, findings: { wrong } }: Part): Promise<void> {
  await story?.check().catch((error: unknown) => void wrong.push(`${name}: ${String(error)}`));
}

function everywhere(world: World, fault: Fault, findings: ReadonlyMap<string, Findings>): Promise<Part>[] {
  return Object.entries(STAGES).flatMap(([stage, begin]) =>
    world.apps.map(async (app) => {
      const found = findings.get(stage) as Findings;
      const key = `${app.kind.name} ${stage}`;
      // On a slow machine a lease can be over before everyone is in place.
      const story = await begin(sceneOf({ world, app, fault, key }, found)).catch(
        (error: unknown) => void found.late.push(`${key} did not begin: ${String(error)}`),
      );
      return { name: key, findings: found, story };
    }),
  );
}
