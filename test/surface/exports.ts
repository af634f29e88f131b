import { join, resolve } from 'node:path';
import ts from 'typescript';

/** What one export is: its kind, then a line for each signature, member or meaning. */
export type ExportedSymbol = readonly [kind: string, ...lines: string[]];

const ROOT = resolve(import.meta.dirname, '../..');
const LIB = join(ROOT, 'lib');
const { NoTruncation, UseSingleQuotesForStringLiteralType } = ts.TypeFormatFlags;
const FORMAT = (NoTruncation | UseSingleQuotesForStringLiteralType) as ts.TypeFormatFlags;

const printer = ts.createPrinter({ removeComments: true });

/** Reads what the entry points of lib export, as the compiler sees it. What is marked `@internal` is left out. */
export class ExportReader {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;

  /** @param entries - paths in lib. */
  constructor(entries: readonly string[]) {
    const read = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path));
    const { compilerOptions } = read.config as { readonly compilerOptions: object };
    const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, ROOT);
    const files = entries.map((entry) => join(LIB, entry));
    this.#program = ts.createProgram(files, options);
    this.#checker = this.#program.getTypeChecker();
  }

  read(entry: string): Record<string, ExportedSymbol> {
    const file = this.#program.getSourceFile(join(LIB, entry));
    const module = file && this.#checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`lib/${entry} is no module`);
    const symbols = this.#checker.getExportsOfModule(module).map((each) => this.#target(each));
    const described = symbols.map((symbol) => [symbol.name, this.#describe(symbol)] as const);
    return Object.fromEntries(described.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  #target(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #describe(symbol: ts.Symbol): ExportedSymbol {
    const declaration = symbol.declarations?.[0];
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    if (declaration && ts.isInterfaceDeclaration(declaration))
      return [`interface${parametersOf(declaration)}`, ...this.#members(type)];
    if (declaration && ts.isTypeAliasDeclaration(declaration))
      return [`type${parametersOf(declaration)}`, print(declaration.type), ...this.#members(type)];
    const value = this.#checker.getTypeOfSymbol(symbol);
    if (declaration && ts.isClassDeclaration(declaration)) {
      const statics = this.#members(value).map((line) => `static ${line}`);
      const constructors = this.#signatures('new ', value.getConstructSignatures());
      return [`class${parametersOf(declaration)}`, ...constructors, ...statics, ...this.#members(type)];
    }
    return ['function', ...this.#signatures('', value.getCallSignatures())];
  }

  #signatures(name: string, signatures: readonly ts.Signature[]): string[] {
    return signatures
      .filter(({ declaration }) => declaration === undefined || isPublic(declaration))
      .map((signature) => name + this.#checker.signatureToString(signature, signature.declaration, FORMAT));
  }

  /** Those that are declared in lib: what an error has of `Error` is no surface of its own. */
  #members(type: ts.Type): string[] {
    return this.#checker
      .getPropertiesOfType(type)
      .flatMap((member) => this.#member(member))
      .sort();
  }

  #member(member: ts.Symbol): string[] {
    const declaration = member.declarations?.find((each) => isOfLib(each) && isPublic(each));
    if (declaration === undefined) return [];
    const name = nameOf(member) + (member.flags & ts.SymbolFlags.Optional ? '?' : '');
    const type = this.#checker.getTypeOfSymbol(member);
    if (ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration))
      return this.#signatures(name, type.getCallSignatures());
    const isReadonly = ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly;
    const written = (declaration as Partial<ts.PropertySignature>).type;
    const meaning = written ? print(written) : this.#checker.typeToString(type, declaration, FORMAT);
    return [`${isReadonly ? 'readonly ' : ''}${name}: ${meaning}${this.#defaultOf(member)}`];
  }

  #defaultOf(member: ts.Symbol): string {
    const tag = member.getJsDocTags(this.#checker).find(({ name }) => name === 'default');
    return tag === undefined ? '' : ` = ${ts.displayPartsToString(tag.text)}`;
  }
}

function isOfLib(declaration: ts.Declaration): boolean {
  return declaration.getSourceFile().fileName.startsWith(LIB);
}

function isPublic(declaration: ts.Declaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const name = ts.getNameOfDeclaration(declaration);
  if (name !== undefined && ts.isPrivateIdentifier(name)) return false;
  if (ts.getCombinedModifierFlags(declaration) & hidden) return false;
  return !ts.getJSDocTags(declaration).some((tag) => tag.tagName.text === 'internal');
}

function parametersOf({ typeParameters }: ts.DeclarationWithTypeParameterChildren): string {
  return typeParameters === undefined ? '' : `<${typeParameters.map(print).join(', ')}>`;
}

/** As it is written, which is the same from compiler to compiler. */
function print(node: ts.Node): string {
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/\s+/gu, ' ');
}

/** The compiler numbers symbols: `__@asyncDispose@42`. */
function nameOf(member: ts.Symbol): string {
  return member.name.replace(/^__@(\w+)@\d+$/u, '[Symbol.$1]');
}
