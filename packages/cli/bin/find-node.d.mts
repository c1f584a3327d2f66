export const NEEDED_NODE_MAJOR: number
export function isNewEnough(version: string): boolean
export function findPinnedNode(folder: string, exists?: (path: string) => boolean): string | undefined
