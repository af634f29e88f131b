import { oversold, payingNow } from './act.js';

/** Draws one act into its section. */
export class ActView {
  #root;
  #scene;
  #fields;
  #shops = new Map();

  constructor(root, scene) {
    this.#root = root;
    this.#scene = scene;
    root.querySelector('.stage')?.remove();
    const stage = document.createElement('div');
    stage.className = 'stage';
    stage.append(document.querySelector('#stage').content.cloneNode(true));
    root.append(stage);
    this.#fields = fieldsOf(stage);
    this.#fields.meter.append(...Array.from({ length: scene.buyers }, () => document.createElement('i')));
    scene.shops.forEach((name, index) => this.#addShop(name, index));
  }

  get button() {
    return this.#root.querySelector('[data-action=open]');
  }

  draw(act) {
    const { phase, ledger, peak } = act;
    this.#root.dataset.phase = phase;
    this.#root.dataset.result = result(act);
    this.#drawScore(act);
    this.#set('paying', payingNow(act).length);
    this.#set('peak', peak);
    this.#set('verdict', verdict(act));
    this.#set('holder', holder(act));
    this.#drawOrders(ledger?.lastOrders ?? []);
    for (const [name, shop] of this.#shops) drawShop(shop, name, act);
  }

  say(text) {
    this.#set('verdict', text);
  }

  #addShop(name, index) {
    const { shops, buyers } = this.#scene;
    const element = document.querySelector('#shop').content.cloneNode(true).firstElementChild;
    const fields = fieldsOf(element);
    const dots = new Map();
    fields.name.textContent = name;
    for (let buyer = 1; buyer <= buyers; buyer++) {
      if (buyer % shops.length !== index) continue;
      const dot = document.createElement('i');
      dot.className = 'buyer';
      dot.title = `buyer ${buyer}`;
      dots.set(buyer, dot);
    }
    fields.crowd.append(...dots.values());
    this.#fields.shops.append(element);
    this.#shops.set(name, { element, fields, dots });
  }

  #drawScore(act) {
    const { ledger } = act;
    this.#set('delivered', ledger?.delivered ?? '–');
    this.#set('sold', ledger?.sold ?? '–');
    this.#set('oversold', oversold(act) ?? '–');
    this.#set('stock', ledger?.stock ?? '–');
    [...this.#fields.meter.children].forEach((cell, index) => {
      const isStock = index < (ledger?.delivered ?? 0);
      const isSold = index < (ledger?.sold ?? 0);
      cell.className = isSold ? (isStock ? 'sold' : 'oversold') : isStock ? 'stock' : '';
    });
  }

  #drawOrders(orders) {
    this.#fields.orders.replaceChildren(
      ...orders.map(({ buyer, shop, fencingToken }) => row([buyer, shop, fencingToken ?? 'none'])),
    );
  }

  #set(field, text) {
    const element = this.#fields[field];
    if (element.textContent !== String(text)) element.textContent = text;
  }
}

function drawShop({ element, fields, dots }, name, act) {
  const isHolder = act.holder === name;
  const waiting = act.waiting.get(name) ?? 0;
  element.classList.toggle('holder', isHolder);
  fields.badge.textContent = isHolder ? 'holds the lock' : '';
  fields.waiting.textContent = waiting > 0 ? `${waiting} waiting for it` : '';
  for (const [buyer, dot] of dots) dot.className = `buyer ${act.buyers.get(buyer)?.state ?? ''}`;
}

function result(act) {
  if (oversold(act) > 0) return 'oversold';
  return act.ledger?.sold === act.ledger?.delivered ? 'exact' : 'open';
}

function verdict({ phase, ledger }) {
  if (phase === 'idle') return 'Nothing sold yet.';
  if (phase === 'open' || ledger === undefined) return 'The doors are open…';
  const { sold, delivered } = ledger;
  if (sold > delivered) return `Oversold: ${sold - delivered} buyers paid for items that do not exist.`;
  return sold === delivered
    ? `Sold out: exactly ${sold} of ${delivered}, none oversold.`
    : `Sold ${sold} of ${delivered}.`;
}

function holder(act) {
  if (act.phase !== 'open') return '–';
  if (act.holder === undefined) return 'nobody';
  const [paying] = [...act.buyers]
    .filter(([, { shop, state }]) => shop === act.holder && (state === 'paying' || state === 'paid'))
    .map(([buyer]) => buyer);
  return paying === undefined ? act.holder : `${act.holder}, for buyer ${paying}`;
}

function row(cells) {
  const tr = document.createElement('tr');
  tr.append(
    ...cells.map((text) => {
      const td = document.createElement('td');
      td.textContent = text;
      return td;
    }),
  );
  return tr;
}

function fieldsOf(root) {
  return Object.fromEntries(
    [...root.querySelectorAll('[data-field]')].map((element) => [element.dataset.field, element]),
  );
}
