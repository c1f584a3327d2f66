/** The file of an app side's store in its data folder. By itself: whoever needs the name does not need the engine. */
export const STORE_FILE = 'portline.sqlite'
