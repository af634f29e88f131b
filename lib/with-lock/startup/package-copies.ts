/** One of the copies of the package that a process has loaded: two installs of it, or its ES modules beside its CommonJS. */
interface PackageCopy {
  /** The file that was loaded, if it can be told. */
  readonly file: string;
  /** The class of its service; held weakly, because tools that reload modules leave copies behind. */
  readonly service: WeakRef<object>;
  /** Whether an app may have the locks of this copy. */
  hasModule: boolean;
}

/** The property of `globalThis` by which copies find each other. */
const COPIES = Symbol.for('nestjs-redis-lock:copies');
const shared = globalThis as unknown as Record<symbol, PackageCopy[] | undefined>;
const copies = (shared[COPIES] ??= []);

let own: PackageCopy | undefined;

/** Makes this copy known by the class of its service, which is what Nest injects. */
export function addCopy(service: object): void {
  own = { file: loadedFile(), service: new WeakRef(service), hasModule: false };
  copies.push(own);
}

export function noteModule(): void {
  if (own !== undefined) own.hasModule = true;
}

/** The services of copies that no module provides: a provider that asks for one of them has the wrong copy. */
export function strangers(): readonly object[] {
  return copies.flatMap(({ service, hasModule }) => (hasModule ? [] : (service.deref() ?? [])));
}

/** What to tell of other copies that are loaded, or `undefined` when this one is alone. */
export function otherCopies(): string | undefined {
  const files = copies.filter(({ service }) => service.deref() !== undefined).map(({ file }) => file);
  if (files.length < 2) return undefined;
  return `${files.length} copies of nestjs-redis-lock are loaded (${files.join(', ')}), and what one decorates or injects, the module of another does not serve`;
}

/** The file of this module, read from a stack trace: ES modules, CommonJS and bundles have no name for it in common. */
function loadedFile(): string {
  const [, line = ''] = String(new Error().stack).split('\n');
  return /(?:file:\/\/)?((?:\/|[A-Za-z]:)[^\n)]*?):\d+:\d+\)?$/u.exec(line)?.[1] ?? 'an unknown place';
}
