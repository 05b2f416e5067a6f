package io.github.kib4j.testkit;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Precision;
import io.github.kib4j.tensor.KibFailure;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * The one list of cases on a device against the reference, as a program that needs no test engine: for machines that have nothing
 * but a Java runtime.
 *
 * <pre>java -cp 'jars/*' io.github.kib4j.testkit.CaseList DEVICE [f32|bf16]... [OPERATION]</pre>
 *
 * It prints a line for each case that fails, with what it takes to repeat it, and at the end a line for each family of operations and
 * the sums. {@code OPERATION} chooses the cases whose operation begins so: {@code gram}, {@code linear.forward}.
 */
public final class CaseList {
    private static final int WRONG = 1;
    private static final int USAGE = 2;

    private final PrintStream out;
    private final Map<String, int[]> families = new TreeMap<>();
    private int passed;
    private int failed;

    private CaseList(PrintStream out) {
        this.out = out;
    }

    /**
     * Runs the list and exits: 0 if every case passed, 1 if one failed, 2 if the device cannot be used or there is no such case.
     *
     * @param arguments device, precisions (both if none is named), beginning of operations
     */
    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.out));
    }

    /**
     * Runs the list.
     *
     * @param arguments as of {@link #main}
     * @param out where lines go
     * @return the exit status of {@link #main}
     */
    public static int run(List<String> arguments, PrintStream out) {
        String device = arguments.isEmpty() ? Devices.AUTO : arguments.get(0);
        List<Precision> precisions = List.of(Precision.values()).stream()
                .filter(precision -> arguments.contains(name(precision)))
                .toList();
        String operation = arguments.stream()
                .skip(1)
                .filter(word -> precisions.stream()
                        .noneMatch(precision -> name(precision).equals(word)))
                .findFirst()
                .orElse("");
        List<OperationCase> cases = OperationCases.all().stream()
                .filter(c -> c.operation().startsWith(operation))
                .toList();
        if (cases.isEmpty()) {
            out.println("cases: There is no operation '" + operation + "'; an operation is a family and a method, as"
                    + " linear.forward.");
            return USAGE;
        }
        try {
            return run(device, precisions.isEmpty() ? List.of(Precision.values()) : precisions, cases, out);
        } catch (RuntimeException e) {
            if (e instanceof KibFailure) {
                out.println("cases: " + e.getMessage());
                return USAGE;
            }
            throw e;
        }
    }

    /** Runs these cases, and says how many passed. */
    static int run(String name, List<Precision> precisions, List<OperationCase> cases, PrintStream out) {
        CaseList list = new CaseList(out);
        long begin = System.nanoTime();
        Device device = Devices.open(name, 0).device();
        out.println(device.description());
        boolean usable = true;
        for (Precision precision : precisions) {
            for (int i = 0; i < cases.size() && usable; i++) {
                usable = list.run(cases.get(i), device, precision) || list.isUsable(device);
            }
        }
        if (usable) {
            device.close();
        }
        return list.end((System.nanoTime() - begin) * 1e-9);
    }

    private int end(double seconds) {
        families.forEach((family, counts) -> out.printf("%-16s %4d passed, %d failed%n", family, counts[0], counts[1]));
        out.printf(
                Locale.ROOT, "cases: %d passed, %d failed, in %.1f s, seed %d%n", passed, failed, seconds, Parity.SEED);
        return failed == 0 ? 0 : WRONG;
    }

    private static String name(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }

    /** Returns whether the case passed. */
    private boolean run(OperationCase c, Device device, Precision precision) {
        int[] counts = Objects.requireNonNull(
                families.computeIfAbsent(c.operation().replaceFirst("\\..*", ""), family -> new int[2]));
        try {
            Parity.compare(c, device, precision);
            passed++;
            counts[0]++;
            return true;
        } catch (AssertionError | RuntimeException | LinkageError e) { // the others go on
            failed++;
            counts[1]++;
            out.println("FAILED " + name(precision) + " " + c + ": " + e);
            return false;
        }
    }

    /** Returns whether other cases can be run after one that failed: a GPU on which a kernel failed is lost to its process. */
    private boolean isUsable(Device device) {
        try {
            device.synchronize();
            return true;
        } catch (RuntimeException e) {
            out.println("The device is lost, and the cases behind that one are not run (" + e.getMessage() + ").");
            return false;
        }
    }
}
