/**
 * Where the documentation and the module source contradict each other the portal does as the source does. Each of these
 * takes up the documentation's side instead; docs/portal/fidelity.md has a row for each.
 */
export interface Variants {
  /** imconnector.connector.data.set: `merge` adds and passes over empty values, `overwrite` replaces all that was stored. */
  readonly connectorDataSet: 'merge' | 'overwrite'
  /** event.offline.clear with both lists given: which of the two counts. */
  readonly offlineClear: 'message_id' | 'id'
  /** An app's own changes: `skip` keeps them out of its offline queue of that auth_connector, `skip-named` if it has a name. */
  readonly offlineOwnChanges: 'skip' | 'skip-named'
  /** placement.bind without PLACEMENT or HANDLER: the source's wording, or the page's "Argument 'PLACEMENT' is null or empty". */
  readonly placementArguments: 'source' | 'documented'
  /** placement.unbind: each handler removed counts once, or twice as its page says. */
  readonly placementUnbindCount: 'once' | 'twice'
  /** Operating time: `source` shuts out for five minutes once it is used up, and counts an outer batch by half. */
  readonly operatingLimit: 'documented' | 'source'
  /** Which events bring a refresh_token: those registered for it, or all that bring tokens, as most pages print. */
  readonly eventRefreshToken: 'source' | 'documented'
  /** null in events of bots of the second generation: absent, or an empty text as their page says. */
  readonly botNulls: 'absent' | 'empty'
  /** app.info through an incoming webhook: scope and licence, or ACCESS_DENIED. */
  readonly webhookAppInfo: 'scope' | 'denied'
}

export const SOURCE_VARIANTS: Variants = {
  connectorDataSet: 'merge',
  offlineClear: 'message_id',
  offlineOwnChanges: 'skip',
  placementArguments: 'source',
  placementUnbindCount: 'once',
  operatingLimit: 'documented',
  eventRefreshToken: 'source',
  botNulls: 'absent',
  webhookAppInfo: 'scope',
}

/** What the portal's licence holds, by the codes of feature.get. */
export interface Features {
  /** event.offline.get with clear=0. */
  readonly rest_offline_extended: boolean
  /** The parameter auth_connector. */
  readonly rest_auth_connector: boolean
}

export const ALL_FEATURES: Features = { rest_offline_extended: true, rest_auth_connector: true }
