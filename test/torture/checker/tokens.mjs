import { excusesOf } from './excuses.mjs';

/** Two sections with one token, and tokens that do not grow from grant to grant. */
export function findTokenDisorder(key, sections, history) {
  const tokened = sections.filter(({ token }) => token !== undefined);
  return [...findTwice(key, tokened), ...findBackwards(key, tokened, history)];
}

function findTwice(key, sections) {
  const byToken = new Map();
  const found = [];
  for (const section of sections) {
    const first = byToken.get(section.token);
    if (first !== undefined) found.push({ key, first, second: section, what: 'the same token twice' });
    byToken.set(section.token, section);
  }
  return found;
}

/** Who began while the lease was kept, and with nothing to excuse a doubt, began in the order of the grants. */
function findBackwards(key, sections, history) {
  const inOrder = sections
    .filter((section) => section.isHeldAtBegin && !isExcusedAtBegin(section, key, history))
    .sort((one, other) => one.begin - other.begin);
  const found = [];
  let greatest;
  for (const section of inOrder) {
    if (greatest !== undefined && section.token < greatest.token)
      found.push({ key, first: greatest, second: section, what: 'a smaller token later' });
    if (greatest === undefined || section.token > greatest.token) greatest = section;
  }
  return found;
}

const isExcusedAtBegin = (section, key, history) =>
  excusesOf({ ...section, heldUntil: section.begin }, key, history).some(
    ([from, to]) => from <= section.begin && section.begin <= to,
  );
