import { advance, newAct } from './act.js';
import { highlight } from './highlight.js';
import { ActView } from './view.js';

const ACTS = { without: { path: 'sales' }, with: { path: 'sales/locked' } };
const link = document.querySelector('#link');
let current; // The act that the events belong to, between `opened` and `closed`.
let isDrawing = false;

highlight(document.querySelectorAll('pre code'));

const events = new EventSource('events');
events.onmessage = ({ data }) => take(JSON.parse(data));
events.onerror = () => tell(false, 'The shop does not answer. Is it still running? Trying again…');

function take(event) {
  if (event.type === 'scene') return setScene(event);
  if (event.type === 'opened') current = event.withLock ? ACTS.with : ACTS.without;
  if (current === undefined) return;
  current.state = advance(current.state, event);
  if (event.type === 'delivery') drawDelivery(current.state.deliveries);
  if (event.type === 'closed') current = undefined;
  drawSoon();
}

/** The first message of each connection. Everything that happened before follows, so that the page starts anew. */
function setScene(scene) {
  current = undefined;
  for (const [id, act] of Object.entries(ACTS)) {
    act.state = newAct();
    act.view = new ActView(document.querySelector(`#${id}`), scene);
    act.view.button.addEventListener('click', () => open(act));
  }
  const count = scene.shops.length;
  fill({
    pieces: scene.pieces,
    buyers: scene.buyers,
    processes: count > 1 ? `${count} processes on one Redis` : 'one process, in memory',
  });
  document.querySelector('#notice').hidden = !scene.inMemory;
  tell(true, `Live from ${scene.shops.join(' and ')}`);
  drawSoon();
}

async function open(act) {
  setBusy(true);
  try {
    const answer = await fetch(act.path, { method: 'POST' });
    if (!answer.ok) act.view.say((await answer.json()).message);
  } catch {
    act.view.say('The shop does not answer.');
  } finally {
    setBusy(current !== undefined);
  }
}

function drawSoon() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    for (const act of Object.values(ACTS)) act.view.draw(act.state);
    setBusy(current !== undefined);
  });
}

function drawDelivery(deliveries) {
  const told = [...deliveries].map(([shop, isUnloaded]) => `${shop} ${isUnloaded ? 'unloaded it' : 'skipped it'}`);
  document.querySelector('#delivery').textContent = `The last delivery: ${told.sort().join(', ')}.`;
}

function setBusy(isBusy) {
  for (const { view } of Object.values(ACTS)) view.button.disabled = isBusy;
}

function fill(scene) {
  for (const element of document.querySelectorAll('[data-scene]')) element.textContent = scene[element.dataset.scene];
}

function tell(isLive, text) {
  link.classList.toggle('live', isLive);
  link.textContent = text;
}
