package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Every configuration's measurements, one a round, in the order in which configurations take turns. */
final class Results {
    private final Map<Configuration, List<Measurement>> measurements = new LinkedHashMap<>();
    private final Map<Configuration, String> failures = new LinkedHashMap<>();
    private final Map<Configuration, String> leftOut = new LinkedHashMap<>();

    Results(List<Configuration> configurations) {
        configurations.forEach(configuration -> measurements.put(configuration, new ArrayList<>()));
    }

    void add(Configuration configuration, Measurement measurement) {
        of(configuration).add(measurement);
    }

    /** Notes why a configuration cannot be measured; it is not tried again. */
    void fail(Configuration configuration, String why) {
        failures.put(configuration, why);
    }

    /** Notes why a contender does not know a configuration, which is no failure. */
    void leaveOut(Configuration configuration, String why) {
        leftOut.put(configuration, why);
    }

    boolean isWanted(Configuration configuration) {
        return !failures.containsKey(configuration) && !leftOut.containsKey(configuration);
    }

    Map<Configuration, String> leftOut() {
        return leftOut;
    }

    boolean hasFailures() {
        return !failures.isEmpty();
    }

    Map<Configuration, String> failures() {
        return failures;
    }

    /** Returns the measured configurations. */
    List<Configuration> measured() {
        return measurements.keySet().stream().filter(c -> !of(c).isEmpty()).toList();
    }

    List<Measurement> of(Configuration configuration) {
        return measurements.getOrDefault(configuration, List.of());
    }

    Spread spread(Configuration configuration, ToDoubleFunction<Measurement> quantity) {
        return Spread.of(of(configuration).stream()
                .map(measurement -> quantity.applyAsDouble(measurement))
                .toList());
    }

    /** Returns the measurement in each round of the products that bound this configuration. */
    List<Measurement> bound(Configuration configuration) {
        return measured().stream()
                .filter(other -> other.contender().equals(OneDnnContender.NAME))
                .filter(other -> other.of(
                                KibContender.NAME, configuration.workload().rule())
                        .equals(configuration.of(
                                KibContender.NAME, configuration.workload().rule())))
                .findFirst()
                .map(this::of)
                .orElse(List.of());
    }

    /** Returns how many images a second a configuration's products alone allow. */
    static double boundImagesPerSecond(Configuration configuration, Measurement products) {
        double milliseconds = products.phaseMilliseconds().entrySet().stream()
                .filter(phase ->
                        configuration.workload().isBackprop() || !phase.getKey().equals(OneDnnContender.DATA_GRADIENT))
                .mapToDouble(Map.Entry::getValue)
                .sum();
        return 1e3 * configuration.workload().batch() / milliseconds;
    }

    /** Returns images/s over those of the bound, within each round. */
    Optional<Spread> ofBound(Configuration configuration) {
        return ratio(
                of(configuration), bound(configuration), products -> boundImagesPerSecond(configuration, products));
    }

    /** Returns images/s of one over those of another, within each round. */
    Optional<Spread> ratio(Configuration one, Configuration other) {
        return ratio(of(one), of(other), Measurement::imagesPerSecond);
    }

    private static Optional<Spread> ratio(
            List<Measurement> ones, List<Measurement> others, Function<Measurement, Double> divisor) {
        int rounds = Math.min(ones.size(), others.size());
        return rounds == 0
                ? Optional.empty()
                : Optional.of(Spread.of(IntStream.range(0, rounds)
                        .mapToObj(i -> ones.get(i).imagesPerSecond() / divisor.apply(others.get(i)))
                        .toList()));
    }
}
