import { eventOperations } from './event-operations.ts'
import { installationOperations } from './installation-operations.ts'
import { laneOperations } from './lane-operations.ts'
import { refusalOperations } from './refusal-operations.ts'
import type { Statements } from './statements.ts'

/** What the store's thread can do: the methods of the port, synchronous, on prepared statements. */
export const operations = { ...eventOperations, ...laneOperations, ...installationOperations, ...refusalOperations }

export type Operations = typeof operations
export type OperationName = keyof Operations
export type OperationArgs<Name extends OperationName> = Operations[Name] extends (sql: Statements, ...args: infer Args) => unknown
  ? Args
  : never
export type OperationResult<Name extends OperationName> = ReturnType<Operations[Name]>

/** One call as it crosses to the thread, and its answer. */
export interface OperationCall {
  readonly name: OperationName
  readonly args: readonly unknown[]
}
export type OperationAnswer = { readonly value: unknown } | { readonly error: string }

/** Only these write; a batch without one commits nothing and costs no fsync. */
export type ThreadMessage = { readonly batch: readonly OperationCall[] } | { readonly close: true }
export type ThreadReply = { readonly ready: true } | { readonly failed: { code: string; message: string } } | { readonly answers: OperationAnswer[] } | { readonly closed: true }
