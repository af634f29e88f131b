import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import type { Host } from './kind.js';

/** An app whose classes are in a module that does not import the lock module. */
export function rootModule(
  host: Pick<Host, 'modules' | 'classes'>,
  as: 'controllers' | 'providers',
  more: ModuleMetadata = {},
): DynamicModule {
  const { modules, classes } = host;
  const { imports = [], providers = [] } = more;
  const feature: DynamicModule = {
    module: class OrderModule {},
    ...(as === 'controllers' ? { controllers: [...classes] } : { providers: [...classes] }),
  };
  return { module: class RootModule {}, imports: [...modules, ...imports, feature], providers };
}
