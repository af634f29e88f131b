/** What may stand in a sequence diagram here. Mermaid's own parser knows more, and comes with a hundred packages. */
const PARTICIPANT = /^participant (\w+) as [\w -]+$/u;
const MESSAGE = /^(\w+)-?->>(\w+): (.+)$/u;
const NOTE = /^Note over (\w+)(?:,(\w+))?: (.+)$/u;
const BLOCK = /^(?:loop|opt|alt) (.+)$/u;
const BRANCH = /^else (.+)$/u;

/** Mermaid takes the first for the end of a line, and the second for the name of a character. */
const SPECIAL = /[;#]/u;

/** What is wrong with a sequence diagram, a sentence for each line that Mermaid would refuse or draw otherwise. */
export function sequenceFaults(diagram: string): string[] {
  const [head, ...lines] = diagram
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const faults = head === 'sequenceDiagram' ? [] : ['it does not begin with sequenceDiagram'];
  const participants = new Set<string>();
  const open: string[] = [];
  for (const line of lines) {
    const participant = PARTICIPANT.exec(line)?.[1];
    const message = MESSAGE.exec(line) ?? NOTE.exec(line);
    if (SPECIAL.test(line)) faults.push(`a character of Mermaid's own stands in: ${line}`);
    if (participant !== undefined) participants.add(participant);
    else if (message !== null) {
      for (const name of [message[1], message[2]])
        if (name !== undefined && !participants.has(name)) faults.push(`no participant ${name}: ${line}`);
    } else if (BLOCK.test(line)) open.push(line);
    else if (BRANCH.test(line)) {
      if (!(open.at(-1) ?? '').startsWith('alt ')) faults.push(`no alt is open: ${line}`);
    } else if (line !== 'end') faults.push(`unknown: ${line}`);
    else if (open.pop() === undefined) faults.push('an end too many');
  }
  return [...faults, ...open.map((block) => `never ends: ${block}`)];
}
