import type { ExceptionFilter, Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/** A filter that the app registered by `APP_FILTER`. */
export interface AppFilter {
  readonly filter: ExceptionFilter;
  /** What it catches: everything, if there are none. */
  readonly classes: readonly Type[];
  catch: ExceptionFilter['catch'];
}

/** Nest's mark of what a filter catches. Source: FILTER_CATCH_EXCEPTIONS of @nestjs/common. */
const CLASSES = '__filterCatchExceptions__';

/** The app's filters, in the order in which Nest asks them. Request-scoped ones are not among them: Nest asks them before any of these. */
export function filtersOfApp(modules: ModulesContainer): AppFilter[] {
  const filters: AppFilter[] = [];
  for (const { providers } of modules.values()) {
    for (const { subtype, instance } of providers.values())
      if (subtype === 'filter' && isFilter(instance)) filters.unshift(toAppFilter(instance));
  }
  return filters;
}

function isFilter(value: unknown): value is ExceptionFilter {
  return typeof (value as Partial<ExceptionFilter> | null | undefined)?.catch === 'function';
}

function toAppFilter(filter: ExceptionFilter): AppFilter {
  const classes = (Reflect.getMetadata(CLASSES, filter.constructor) as readonly Type[] | undefined) ?? [];
  return { filter, classes, catch: (exception, host): unknown => filter.catch(exception, host) };
}
