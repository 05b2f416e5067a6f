package io.github.kib4j.cuda;

import io.github.kib4j.op.Backend;
import io.github.kib4j.op.DeviceInfo;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.op.DeviceOptions;
import io.github.kib4j.op.DevicePart;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.tensor.KibFailure;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.cuda.global.cudart;

/** Provides NVIDIA's GPUs, from compute capability 8.0 on, on Linux x86-64. Everything native is behind {@link CudaLibraries}. */
public final class CudaProvider implements DeviceProvider {
    /** A device of which a smaller part than one in so many is free is nearly full. */
    private static final int NEARLY_FULL = 10;

    private final OwnKernels kernels;
    private final BiFunction<CudaCard, DeviceOptions, Backend> opener;

    /** Called by who looks for devices; looks for nothing itself. */
    public CudaProvider() {
        this(new LoadedKernels(), (card, options) -> CudaBackend.open(card, CudaOptions.of(options.settings())));
    }

    CudaProvider(OwnKernels kernels, BiFunction<CudaCard, DeviceOptions, Backend> opener) {
        this.kernels = kernels;
        this.opener = opener;
    }

    /**
     * The GPUs of this machine, or why CUDA shows none.
     *
     * @param all in CUDA's order
     * @param problem one sentence; empty if there are some
     */
    private record Cards(List<CudaCard> all, Optional<String> problem) {
        /** What CUDA said at the first question: it does not change within a process. */
        private static final class Here {
            static final Cards CARDS = find();
        }

        private static Cards find() {
            try {
                CudaLibraries.load();
                return new Cards(CudaCard.all(), Optional.empty());
            } catch (RuntimeException e) {
                if (e instanceof KibFailure failure) {
                    return new Cards(List.of(), Optional.of(failure.getMessage()));
                }
                throw e;
            }
        }
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public int priority() {
        return 20;
    }

    @Override
    public boolean isAbsent() {
        return CudaLibraries.parts().get(CudaLibrary.DRIVER.ordinal()).path() == null
                && System.getenv(CudaPlaces.VARIABLE) == null
                && !NvidiaHardware.isIn(Path.of("/"));
    }

    @Override
    public Optional<String> unavailable() {
        if (isAbsent()) {
            return Optional.of(
                    "no GPU of NVIDIA's shows itself in this machine, nor a driver of one; in a container, give it the"
                            + " GPU and the driver's libraries.");
        }
        Cards cards = Cards.Here.CARDS;
        return cards.problem()
                .or(kernels::problem)
                .or(() -> cards.all().stream()
                        .map(card -> card.problem(kernels.architectures()))
                        .reduce((first, second) -> first.isEmpty() ? first : second)
                        .orElseThrow());
    }

    @Override
    public List<DeviceInfo> devices() {
        return unavailable().isPresent()
                ? List.of()
                : usable().map(card -> new DeviceInfo(name(), card.index(), card.description()))
                        .toList();
    }

    private Stream<CudaCard> usable() {
        return Cards.Here.CARDS.all().stream()
                .filter(card -> card.problem(kernels.architectures()).isEmpty());
    }

    @Override
    public Map<String, String> settings() {
        return CudaOptions.settings();
    }

    @Override
    public Backend open(DeviceOptions options) {
        unavailable().ifPresent(reason -> {
            throw new IllegalStateException("Device 'cuda' cannot be used here: " + reason);
        });
        CudaCard card = usable().filter(one -> one.index() == options.index())
                .findFirst()
                .orElseThrow();
        CudaOptions.of(options.settings()); // a setting that is none is refused before the card is touched
        CudaStatus.check(cudart.cudaSetDevice(card.index()), "cudaSetDevice");
        SelfTest.run(kernels);
        return opener.apply(card, options);
    }

    @Override
    public List<DevicePart> parts() {
        List<DevicePart> parts = new ArrayList<>();
        for (CudaPart part : CudaLibraries.parts()) {
            String found = Stream.of(part.version(), part.path())
                    .filter(Objects::nonNull)
                    .reduce((version, path) -> version + ", " + path)
                    .orElse("");
            parts.add(new DevicePart(part.name(), found, Optional.ofNullable(part.problem())));
        }
        Optional<String> missing = kernels.problem();
        if (CudaLibraries.problem().isPresent()) { // without them the kernels do not say what they are for
            missing.ifPresent(problem -> parts.add(new DevicePart("kernels", "", missing)));
            return parts;
        }
        parts.add(new DevicePart("kernels", missing.isPresent() ? "" : "for " + kernels.architectures(), missing));
        Cards cards = Cards.Here.CARDS;
        cards.problem().ifPresent(problem -> parts.add(new DevicePart("GPU", "", Optional.of(problem))));
        for (CudaCard card : cards.all()) {
            String name = "GPU " + card.index();
            if (missing.isPresent()) {
                parts.add(new DevicePart(name, card.description(), Optional.empty()));
            } else {
                Optional<String> code = card.code(kernels.architectures());
                parts.add(new DevicePart(
                        name,
                        card.description() + code.map(own -> ", runs " + own).orElse(""),
                        card.problem(kernels.architectures())));
                if (card.problem(kernels.architectures()).isEmpty()) {
                    parts.addAll(examine(card, name));
                }
            }
        }
        return parts;
    }

    private List<DevicePart> examine(CudaCard card, String name) {
        List<DevicePart> parts = new ArrayList<>();
        String memory = name + " memory";
        String test = name + " self-test";
        try {
            CudaStatus.check(cudart.cudaSetDevice(card.index()), "cudaSetDevice");
            DeviceMemory now = CudaMemory.now();
            parts.add(new DevicePart(
                    memory,
                    CudaCard.gibibytes(now.free()) + " of " + CudaCard.gibibytes(now.total()) + " GiB free",
                    now.free() < now.total() / NEARLY_FULL
                            ? Optional.of(
                                    "nearly full; end what else runs on it (nvidia-smi lists it), or take another GPU.")
                            : Optional.empty()));
            SelfTest.run(kernels);
            parts.add(new DevicePart(test, "a kernel wrote, a product and a convolution were right", Optional.empty()));
        } catch (RuntimeException e) {
            if (!(e instanceof KibFailure failure)) {
                throw e;
            }
            parts.add(new DevicePart(parts.isEmpty() ? memory : test, "", Optional.of(failure.getMessage())));
        }
        return parts;
    }
}
