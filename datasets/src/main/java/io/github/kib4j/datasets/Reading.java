package io.github.kib4j.datasets;

/**
 * What is read of a data set.
 *
 * @param selection which samples
 * @param columns which columns of a table are what
 */
public record Reading(Selection selection, CsvTable.Columns columns) {
    /** All samples, as usual. */
    public static final Reading ALL = of(Selection.ALL);

    /**
     * {@return some samples, as usual}
     *
     * @param selection which
     */
    public static Reading of(Selection selection) {
        return new Reading(selection, CsvTable.Columns.USUAL);
    }
}
