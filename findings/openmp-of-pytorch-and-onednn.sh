#!/usr/bin/env bash
# With PyTorch (DJL's native library) loaded first, oneDNN (JavaCPP's) has no OpenMP of its own: PyTorch's copy lies in a file of
# another name, libgomp-98b21ff3.so.1, but is called libgomp.so.1 inside (SONAME), which is what oneDNN asks the dynamic linker for.
# So both have one number of threads for each Java thread, whoever sets it.
#
# DJL 0.36.0 with PyTorch 2.7.1, JavaCPP dnnl 3.11-1.5.13 (oneDNN 3.11), Linux x86-64 with two processors or more.
# Expected by who embeds both: each library keeps its own number of threads (oneDNN: all processors, as it has alone).
# Real, on two processors: after PyTorch was told to use 1 thread, oneDNN has 1 on that Java thread, and 2 on another one:
#   oneDNN alone                               nthr:2 OpenMP: libgomp.so.1
#   after PyTorch with 1 thread                nthr:1 OpenMP: libgomp-98b21ff3.so.1 libgomp.so.1
#   the same, another Java thread              nthr:2 OpenMP: libgomp-98b21ff3.so.1 libgomp.so.1
# Needs: bash, a JDK 17 or later, Maven, 250 MB of downloads. Exits 0 where it is as described, 1 where it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>openmp</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>ai.djl</groupId><artifactId>api</artifactId><version>0.36.0</version></dependency>
    <dependency><groupId>ai.djl.pytorch</groupId><artifactId>pytorch-engine</artifactId><version>0.36.0</version></dependency>
    <dependency><groupId>ai.djl.pytorch</groupId><artifactId>pytorch-jni</artifactId><version>2.7.1-0.36.0</version></dependency>
    <dependency><groupId>ai.djl.pytorch</groupId><artifactId>pytorch-native-cpu</artifactId><version>2.7.1</version><classifier>linux-x86_64</classifier></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>dnnl</artifactId><version>3.11-1.5.13</version></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>dnnl</artifactId><version>3.11-1.5.13</version><classifier>linux-x86_64</classifier></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>opencl</artifactId><version>3.0-1.5.13</version></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>opencl</artifactId><version>3.0-1.5.13</version><classifier>linux-x86_64</classifier></dependency>
    <dependency><groupId>org.bytedeco</groupId><artifactId>javacpp</artifactId><version>1.5.13</version><classifier>linux-x86_64</classifier></dependency>
  </dependencies>
</project>
POM
mvn -q -B --no-transfer-progress -f "$work/pom.xml" dependency:copy-dependencies -DoutputDirectory="$work/lib"

cat >"$work/Threads.java" <<'JAVA'
import java.nio.file.*;
import java.util.stream.Collectors;

public class Threads {
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("pytorch")) {
            ai.djl.engine.Engine.getInstance(); // loads PyTorch and sets its threads to ai.djl.pytorch.num_threads
        }
        Runnable first = () -> { // oneDNN's first primitive makes it say how many threads it has
            var cpu = new org.bytedeco.dnnl.engine(org.bytedeco.dnnl.engine.kind.cpu, 0);
            var f32 = org.bytedeco.dnnl.memory.data_type.f32;
            var desc = new org.bytedeco.dnnl.memory.desc(new long[] {64, 64}, f32, new long[] {64, 1});
            var product = new org.bytedeco.dnnl.matmul(new org.bytedeco.dnnl.matmul.primitive_desc(cpu, desc, desc, desc));
            var memory = new org.bytedeco.dnnl.memory(desc, cpu);
            var map = new org.bytedeco.dnnl.IntMemoryMap();
            for (int i : new int[] {1, 33, 17}) map.put(i, memory); // source, weights, destination
            product.execute(new org.bytedeco.dnnl.stream(cpu), map);
        };
        if (arguments.length > 1) {
            Thread other = new Thread(first);
            other.start();
            other.join();
        } else {
            first.run();
        }
        try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
            System.out.println("OpenMP: " + maps.filter(m -> m.contains("libgomp"))
                    .map(m -> m.substring(m.lastIndexOf('/') + 1)).distinct().sorted().collect(Collectors.joining(" ")));
        }
    }
}
JAVA
say() { # what oneDNN says it has, and which OpenMP libraries are loaded
  ONEDNN_VERBOSE=1 DJL_CACHE_DIR=$work/djl ENGINE_CACHE_DIR=$work/djl DJL_OFFLINE=true OPT_OUT_TRACKING=true OMP_NUM_THREADS='' java \
    -Dai.djl.offline=true -Dai.djl.pytorch.num_threads=1 -Dorg.bytedeco.javacpp.cachedir="$work/javacpp" \
    -cp "$work/lib/*" "$work/Threads.java" "$@" 2>/dev/null | grep -oE 'nthr:[0-9]+|OpenMP: .*' | tr '\n' ' '
}
alone=$(say alone) both=$(say pytorch) thread=$(say pytorch thread)
printf '%-42s %s\n' "oneDNN alone" "$alone" "after PyTorch with 1 thread" "$both" "the same, another Java thread" "$thread"
all=$(nproc)
[[ $alone == "nthr:$all "* && $both == "nthr:1 "*libgomp-* && $thread == "nthr:$all "* ]]
