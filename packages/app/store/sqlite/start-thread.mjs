import module from 'node:module'
import { workerData } from 'node:worker_threads'

// Plain JavaScript, so that it runs before anything has to be translated: a thread does not inherit the compile cache of the
// process, and without it takes three times as long to start.
if (workerData.compileCache !== undefined) module.enableCompileCache(workerData.compileCache)
await import(workerData.entry)
