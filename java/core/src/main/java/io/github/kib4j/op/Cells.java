package io.github.kib4j.op;

import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.util.List;

/**
 * Groups of channels in spatial cells (docs/mathematics.md, section 3.9): {@code C} channels are cut into {@code G} groups, and at
 * each scale {@code c} an image into {@code c x c} cells, of which cell {@code (i, j)} has the rows from {@code floor(i H / c)} to
 * before {@code floor((i + 1) H / c)}, and columns alike. A sample's code has an entry for each group in each cell: those of the
 * scales side by side, cell by cell in row-major order, in each the groups. A linear layer is an image of one position.
 *
 * @param groups {@code G}
 * @param power {@code p}
 * @param delta {@code delta}, at least 0
 * @param scales how many cells there are on a side
 */
public record Cells(int groups, double power, double delta, List<Integer> scales) {
    /** The most scales. */
    public static final int MOST_SCALES = 8;

    /**
     * Checks the numbers.
     *
     * @param groups {@code G}
     * @param power {@code p}
     * @param delta added to a sum of squares
     * @param scales how many cells there are on a side
     */
    public Cells {
        new Grouping(groups, power, delta, 0);
        scales = List.copyOf(scales);
        if (scales.isEmpty() || scales.size() > MOST_SCALES) {
            throw new RefusedException(
                    "Cells have 1 to " + MOST_SCALES + " scales, but there are " + scales.size() + ".");
        }
        if (scales.stream().anyMatch(scale -> scale < 1)) {
            throw new RefusedException("A scale of cells must be at least 1, but one of " + scales + " is not.");
        }
    }

    /** {@return {@code W}, the entries of a sample's code} */
    public int width() {
        return scales.stream().mapToInt(scale -> scale * scale * groups).sum();
    }

    /**
     * {@return the scales that suit an activity: those in whose smallest cell a group has at least two numbers; of none, one cell}
     *
     * @param scales wanted ones
     * @param groups {@code G}, which divides the channels
     * @param activity {@code [C, H, W]}, or {@code [N]} of a linear layer, which has one cell
     */
    public static List<Integer> fitting(List<Integer> scales, int groups, Shape activity) {
        boolean image = activity.rank() == 3;
        int height = image ? activity.extent(1) : 1;
        int width = image ? activity.extent(2) : 1;
        long channels = activity.extent(0) / groups;
        List<Integer> fitting = scales.stream()
                .filter(scale -> height / scale * (width / scale) * channels >= 2)
                .toList();
        return fitting.isEmpty() ? List.of(1) : fitting;
    }
}
