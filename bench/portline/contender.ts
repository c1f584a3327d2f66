import { announce, HandlerLog, printCount, readSettings } from '../lib/contender-side.ts'
import { countStored, prepareStore, startPortline } from './adapter.ts'

/** Portline's app side as a contender; with the variant `done` only events whose handler has run are counted. */
const settings = readSettings()

if (settings.mode === 'prepare') await prepareStore(settings)
else if (settings.mode === 'count') printCount(await countStored(settings.folder, settings.variant === 'done' ? 'done' : undefined))
else {
  const log = new HandlerLog()
  const side = await startPortline(settings, log)
  announce({ url: side.url, log, stop: () => side.stop() })
}
