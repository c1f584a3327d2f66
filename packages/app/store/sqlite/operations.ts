import { auditOperations } from './audit-operations.ts'
import type { AfterCommit, Engine } from './engine.ts'
import { eraseOperations } from './erase-operations.ts'
import { eventOperations } from './event-operations.ts'
import { heldOperations } from './held-operations.ts'
import { installationOperations } from './installation-operations.ts'
import { keepingOperations } from './keeping-operations.ts'
import { laneOperations } from './lane-operations.ts'
import { readOperations } from './read-operations.ts'
import { refusalOperations } from './refusal-operations.ts'
import { sealedOperations } from './sealed-operations.ts'
import { settleOperations } from './settle-operations.ts'
import { takenOperations } from './taken-operations.ts'
import { tokenOperations } from './token-operations.ts'

/** What the store's thread can do: the methods of the port, synchronous, on prepared statements. */
export const operations = {
  ...eventOperations, ...heldOperations, ...laneOperations, ...settleOperations, ...installationOperations, ...eraseOperations, ...auditOperations, ...refusalOperations,
  ...keepingOperations, ...takenOperations, ...tokenOperations, ...sealedOperations, ...readOperations,
}

export type Operations = typeof operations
export type OperationName = keyof Operations
export type OperationArgs<Name extends OperationName> = Operations[Name] extends (db: Engine, ...args: infer Args) => unknown ? Args : never
export type OperationResult<Name extends OperationName> =
  ReturnType<Operations[Name]> extends AfterCommit<infer Result> ? Result : ReturnType<Operations[Name]>

/** One call as it crosses to the thread, and its answer. */
export interface OperationCall {
  readonly name: OperationName
  readonly args: readonly unknown[]
}
export type OperationAnswer = { readonly value: unknown } | { readonly error: string }

/** The first message to a thread; all others are of the other kind. */
export interface OpenMessage {
  readonly open: string
}
export type ThreadMessage = { readonly batch: readonly OperationCall[] } | { readonly close: true }
export type ThreadReply = { readonly ready: true } | { readonly failed: { code: string; message: string } } | { readonly answers: OperationAnswer[] } | { readonly closed: true }
