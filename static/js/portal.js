// Each subject is a module of its own; nothing here is needed to read a page or to send a form.
import { startColumns } from "./columns.js";
import { startCopying } from "./copy.js";
import { startKeys } from "./keys.js";
import { startFeed } from "./feed.js";
import { startLive } from "./live.js";
import { startMorphing } from "./morph.js";
import { startRequests } from "./requests.js";
import { startRows } from "./rows.js";
import { startSelecting } from "./select.js";
import { startTheme } from "./theme.js";
import { startTimes } from "./times.js";
import { startToggles } from "./toggles.js";
import { startTypeahead } from "./typeahead.js";

startTimes();
startCopying();
startTheme();
startToggles();
startKeys();
startColumns();
startMorphing();
startRequests();
startRows();
startSelecting();
startTypeahead();
startLive();
startFeed();
