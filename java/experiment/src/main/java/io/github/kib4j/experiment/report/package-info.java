/** Reports: what runs came to, as one page of HTML that needs no network. */
@NullMarked
package io.github.kib4j.experiment.report;

import org.jspecify.annotations.NullMarked;
