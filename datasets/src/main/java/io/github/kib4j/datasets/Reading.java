package io.github.kib4j.datasets;

import org.jspecify.annotations.Nullable;

/**
 * What is read of a data set.
 *
 * @param selection which samples
 * @param columns which columns of a table are what
 * @param size that images of a folder are brought to; null for all of one size
 */
public record Reading(
        Selection selection,
        CsvTable.Columns columns,
        @Nullable ImageSize size) {
    /** All samples, as usual. */
    public static final Reading ALL = of(Selection.ALL);

    /**
     * {@return some samples, as usual}
     *
     * @param selection which
     */
    public static Reading of(Selection selection) {
        return new Reading(selection, CsvTable.Columns.USUAL, null);
    }

    /**
     * Creates a reading of images as they are.
     *
     * @param selection which samples
     * @param columns which columns of a table are what
     */
    public Reading(Selection selection, CsvTable.Columns columns) {
        this(selection, columns, null);
    }
}
