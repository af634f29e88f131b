import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { FAULTS, type Fault } from './support/faults.js';
import { watchStrain, type Strain } from './support/strain.js';
import { STAGES } from './support/stages.js';
import { openWorld, type World } from './support/world.js';

type Findings = Map<string, string[]>;

/** Lets one fault strike apps with every client in every stage at once; what should not be, by stage. */
async function strike(fault: Fault): Promise<Findings> {
  const world = await openWorld({ keepsData: fault.keepsData === true });
  const findings: Findings = new Map(Object.keys(STAGES).map((stage) => [stage, []]));
  const strain = watchStrain();
  try {
    const stories = await Promise.all(everywhere(world, fault, strain, findings));
    const begin = performance.now();
    for (const { story } of stories) story.strike?.();
    await fault.begin(world);
    for (const { story } of stories) story.during?.();
    await sleep(fault.lasts);
    await fault.end?.(world);
    strain.overran = performance.now() - begin - fault.lasts;
    await Promise.all(stories.map(({ story, key, complain }) => story.check().catch((error: unknown) => complain(`${key}: ${String(error)}`))));
  } finally {
    strain.stop();
    await world.close();
  }
  return findings;
}

function everywhere(world: World, fault: Fault, strain: Strain, findings: Findings) {
  return Object.entries(STAGES).flatMap(([name, stage]) =>
    world.apps.map(async (app) => {
      const complain = (text: string): void => void findings.get(name)?.push(text);
      const key = `${app.kind.name} ${name}`;
      return { story: await stage({ world, app, fault, strain, key, complain }), key, complain };
    }),
  );
}

/**
 * For each fault and stage, with each client: nothing hangs; busy is not broken; the holder is sure of its key or was told in time, once; nothing
 * is left in Redis, and the next one gets in.
 */
describe.each(FAULTS)('C2 C3 C5 W4 O2: $name', (fault) => {
  let findings: Findings;

  beforeAll(async () => {
    findings = await strike(fault);
  }, 60_000);

  it.each(Object.keys(STAGES))('while %s', (stage) => {
    expect(findings.get(stage)).toEqual([]);
  });
});
