package io.github.kib4j.experiment;

import io.github.kib4j.op.Decisions;
import io.github.kib4j.op.Decisions.Decision;
import io.github.kib4j.op.Device;
import io.github.kib4j.train.DeviceDataset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What a run works with. */
final class Means {
    private final Device device;
    private final DeviceDataset dataset;
    private final RunListener listener;
    private Decisions told = Decisions.NONE;

    /**
     * Puts them together.
     *
     * @param device computes
     * @param dataset is on it
     * @param listener is told
     */
    Means(Device device, DeviceDataset dataset, RunListener listener) {
        this.device = device;
        this.dataset = dataset;
        this.listener = listener;
    }

    Device device() {
        return device;
    }

    DeviceDataset dataset() {
        return dataset;
    }

    RunListener listener() {
        return listener;
    }

    /** Tells in one line what the device has decided since the last call, and returns all that it has. */
    Decisions tellDecisions(String precision) {
        Decisions all = device.decisions();
        List<Decision> news = new ArrayList<>(all.made());
        news.removeAll(told.made());
        if (!news.isEmpty()) {
            Map<String, Long> families =
                    news.stream().collect(Collectors.groupingBy(Decision::family, TreeMap::new, Collectors.counting()));
            String ways = families.entrySet().stream()
                    .map(family -> family.getValue() + " by " + family.getKey())
                    .collect(Collectors.joining(", "));
            listener.say("Products of " + precision + ": " + ways + "; run.json lists them.");
        }
        if (!all.problem().equals(told.problem())) {
            all.problem().ifPresent(listener::say);
        }
        told = all;
        return all;
    }
}
