package io.github.kib4j.cuda;

import io.github.kib4j.op.Decisions;
import io.github.kib4j.op.Decisions.Decision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a plan for each task, once. Of several that may be taken, it takes the one that is kept in a file of
 * earlier choices, else the one that is fastest when measured now, else the first; and keeps what it took, measured or not. Since
 * plans may differ in bits, what is kept is never measured again.
 */
final class ConvolutionChoices {
    /** Who is faster by less than this is not taken instead of one before it: measuring is no better. */
    private static final double CLEARLY = 0.98;

    private final ConvolutionCandidates candidates;
    private final ConvolutionFamily wanted;
    private final @Nullable ConvolutionFile file;
    private final @Nullable ConvolutionTimer timer;
    private final Map<ConvolutionTask, ConvolutionPlan> plans = new LinkedHashMap<>();
    private final Map<ConvolutionTask, ConvolutionChoice> choices = new LinkedHashMap<>();

    /**
     * Chooses nothing yet.
     *
     * @param wanted the family to choose from where a task has one of it; else, and with {@code AUTO}, any
     * @param file null to keep nothing longer than this object
     * @param timer null to measure nothing, on a device whose clock says nothing
     */
    ConvolutionChoices(
            ConvolutionCandidates candidates,
            ConvolutionFamily wanted,
            @Nullable ConvolutionFile file,
            @Nullable ConvolutionTimer timer) {
        this.candidates = candidates;
        this.wanted = wanted;
        this.file = file;
        this.timer = timer;
    }

    /** Returns the plan for a task. */
    ConvolutionPlan plan(ConvolutionTask task) {
        return plans.computeIfAbsent(task, this::choose);
    }

    /**
     * Returns the bytes of scratch memory that the plan of a task needs, without choosing one: of those that could be taken, where the
     * choice depends on time, that of the one which needs most.
     */
    long scratchBytes(ConvolutionTask task) {
        ConvolutionPlan taken = plans.get(task);
        if (taken != null) {
            return taken.scratchBytes();
        }
        Map<String, ConvolutionPlan> open = byName(task);
        Optional<ConvolutionChoice> kept = kept(task, open);
        return open.values().stream()
                .filter(plan ->
                        kept.map(choice -> choice.plan().equals(plan.name())).orElse(true))
                .limit(timer == null ? 1 : open.size())
                .mapToLong(ConvolutionPlan::scratchBytes)
                .max()
                .orElseThrow();
    }

    /** Returns what was chosen so far, in the order of first use, and what prevents it from being kept, if something does. */
    Decisions decisions() {
        List<Decision> made = choices.entrySet().stream()
                .map(choice -> choice.getValue()
                        .decision(choice.getKey(), plan(choice.getKey()).family()))
                .toList();
        return new Decisions(made, file == null ? Optional.empty() : file.problem());
    }

    private ConvolutionPlan choose(ConvolutionTask task) {
        Map<String, ConvolutionPlan> open = byName(task);
        ConvolutionChoice choice = kept(task, open).orElseGet(() -> keep(task, open, fastest(task, open)));
        choices.put(task, choice);
        return Objects.requireNonNull(open.get(choice.plan()));
    }

    private Map<String, ConvolutionPlan> byName(ConvolutionTask task) {
        Map<String, ConvolutionPlan> open = new LinkedHashMap<>();
        open(candidates.of(task)).forEach(plan -> open.put(plan.name(), plan));
        return open;
    }

    /** Returns those to choose from: a result is not rounded unless the family that does so is asked for, or there is no other. */
    private List<ConvolutionPlan> open(List<ConvolutionPlan> all) {
        List<ConvolutionPlan> some =
                all.stream().filter(plan -> plan.family() == wanted).toList();
        List<ConvolutionPlan> exact =
                all.stream().filter(plan -> !plan.rounds()).toList();
        return !some.isEmpty() ? some : !exact.isEmpty() ? exact : all;
    }

    private Optional<ConvolutionChoice> kept(ConvolutionTask task, Map<String, ConvolutionPlan> open) {
        return file == null
                ? Optional.empty()
                : file.choice(key(task)).filter(choice -> open.containsKey(choice.plan()));
    }

    private ConvolutionChoice keep(ConvolutionTask task, Map<String, ConvolutionPlan> open, ConvolutionChoice choice) {
        return file == null ? choice : file.keep(key(task), choice, kept -> open.containsKey(kept.plan()));
    }

    /** Two settings keep choices of their own, since each may choose from others. */
    private String key(ConvolutionTask task) {
        return task + " " + candidates.libraries().precision() + " " + wanted;
    }

    private ConvolutionChoice fastest(ConvolutionTask task, Map<String, ConvolutionPlan> open) {
        List<ConvolutionPlan> inOrder = List.copyOf(open.values());
        ConvolutionChoice best = new ConvolutionChoice(inOrder.get(0).name(), Double.NaN);
        if (timer == null || inOrder.size() == 1) {
            return best;
        }
        Map<String, Double> microseconds = timer.microseconds(task, inOrder);
        for (ConvolutionPlan plan : inOrder) {
            double time = microseconds.getOrDefault(plan.name(), Double.NaN);
            if (time < best.microseconds() * CLEARLY || Double.isNaN(best.microseconds()) && !Double.isNaN(time)) {
                best = new ConvolutionChoice(plan.name(), time);
            }
        }
        return best;
    }
}
