import type { TraitsOf } from './traits.ts'

/** What PHP had not worked out really travels as this word. */
export type Undefined = 'undefined'

/** Tasks (api-reference/tasks/events-tasks): what there was before and is after, `undefined` where there is nothing. */
export interface OnTaskData<Before, After> {
  FIELDS_BEFORE: Before
  FIELDS_AFTER: After
  /** Whether the reader could see the task. */
  IS_ACCESSIBLE_BEFORE: 'Y' | 'N' | Undefined
  IS_ACCESSIBLE_AFTER: 'Y' | 'N' | Undefined
}

export interface TaskFields {
  ID: string
}

/** A comment of a task (api-reference/tasks/comment-item/events-comment). */
export interface TaskCommentFields {
  /** 0 where the task has the chat of tasks 25.700.0 and later instead of comments. */
  ID: string
  TASK_ID: string
  /** The chat's message, with ID 0. */
  MESSAGE_ID?: string
}

export interface TaskEvents {
  ONTASKADD: OnTaskData<Undefined, TaskFields>
  ONTASKUPDATE: OnTaskData<TaskFields, TaskFields>
  ONTASKDELETE: OnTaskData<TaskFields, Undefined>
  ONTASKCOMMENTADD: OnTaskData<Undefined, TaskCommentFields>
  ONTASKCOMMENTUPDATE: OnTaskData<TaskCommentFields, TaskCommentFields & { ACTION: 'EDIT' }>
  ONTASKCOMMENTDELETE: OnTaskData<TaskCommentFields, TaskCommentFields & { ACTION: 'DEL' }>
}

const task = { scope: 'task', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const TASK_TRAITS: TraitsOf<TaskEvents> = {
  ONTASKADD: task,
  ONTASKUPDATE: task,
  ONTASKDELETE: task,
  ONTASKCOMMENTADD: task,
  ONTASKCOMMENTUPDATE: task,
  ONTASKCOMMENTDELETE: task,
}
