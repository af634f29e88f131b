const TOKENS =
  /(?<decorator>@\w+)|(?<string>'[^']*')|(?<keyword>\b(?:async|await|class|const|export|if|new|null|throw|using)\b)|(?<number>\b\d[\d_]*\b)/g;

/** Colours TypeScript. Works on text nodes, so that the markup within stays. */
export function highlight(blocks) {
  for (const block of blocks) for (const text of textsOf(block)) text.replaceWith(...colour(text.data));
}

function textsOf(block) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  return texts;
}

function colour(source) {
  const parts = [];
  let end = 0;
  for (const { 0: text, index, groups } of source.matchAll(TOKENS)) {
    const span = document.createElement('span');
    span.className = Object.keys(groups).find((name) => groups[name] !== undefined);
    span.textContent = text;
    parts.push(source.slice(end, index), span);
    end = index + text.length;
  }
  return [...parts, source.slice(end)];
}
