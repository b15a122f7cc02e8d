// The forms of an output, by their kind.

import { classOverTime } from "./output_class.js";
import { symbolsToCome } from "./output_symbols.js";
import { tagsOfSteps } from "./output_tags.js";
import { transcript } from "./output_transcript.js";
import { fan, values } from "./output_values.js";
import { written } from "./output_written.js";

// Each: (place, {ask, store}) -> {note, show(output, part), pictures(), rows(), unmount()}
export const FORMS = { symbols: symbolsToCome, class: classOverTime, tags: tagsOfSteps, values, fan, written, transcript };
