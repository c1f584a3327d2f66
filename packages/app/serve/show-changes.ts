import type { PortalKey, Store } from '../store/port.ts'
import type { LiveFeed } from './live-feed.ts'
import { eventView, installationView } from './views.ts'

/** Sends the pages that watch what has become of an event or an installation. Nothing is looked up while nobody watches. */
export function showChanges(store: Store, feed: LiveFeed) {
  return {
    showEvent(id: string): void {
      if (!feed.watched) return
      store.listedEvent(id).then((event) => event && feed.send('event', eventView(event))).catch(() => {})
    },

    showInstallation(portal: PortalKey): void {
      if (!feed.watched) return
      const found = store.installation(portal)
      found
        .then(async (installation) => installation && feed.send('installation', await installationView(store, installation)))
        .catch(() => {})
    },
  }
}
