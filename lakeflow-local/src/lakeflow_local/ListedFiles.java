package lakeflow.local;

import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.delta.DeltaTableUtils;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.SnapshotDescriptor;
import org.apache.spark.sql.delta.VersionChecksum;
import org.apache.spark.sql.delta.actions.AddFile;
import org.apache.spark.sql.delta.files.TahoeBatchFileIndex;
import org.apache.spark.sql.delta.files.TahoeFileIndex;
import org.apache.spark.sql.delta.files.TahoeFileIndexWithSnapshotDescriptor;
import org.apache.spark.sql.delta.files.TahoeLogFileIndex;
import org.apache.spark.sql.delta.sources.DeltaSQLConf;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import scala.Function1;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Takes a table's files from the checksum file of its version, where Delta writes them down while they are few. Open
 * source Delta does not read them there: it replays the log with Spark jobs, for each scan of each query anew.
 * A table without such a list is left to Delta, and so is every table while files are to be skipped by their
 * statistics. Compiled by the compiler that Spark brings along (Janino), which knows no generics here.
 */
public class ListedFiles extends AbstractFunction1 {
    public Object apply(Object extensions) {
        ((SparkSessionExtensions) extensions).injectPreCBORule(new RuleOfSession());
        return BoxedUnit.UNIT;
    }

    public static class RuleOfSession extends AbstractFunction1 {
        public Object apply(Object session) { return new ReplaceIndexes(); }
    }

    /** Comes after Delta's own rule, which notes for a transaction what it reads. */
    public static class ReplaceIndexes extends Rule {
        public TreeNode apply(TreeNode plan) {
            // A write's query is planned again within its transaction: it must not bring older files along.
            boolean leave = plan instanceof Command || (Boolean) conf().getConf(DeltaSQLConf.DELTA_STATS_SKIPPING());
            return leave ? plan : ((LogicalPlan) plan).transformDown(new WithListedFiles());
        }
    }

    public static class WithListedFiles extends AbstractPartialFunction {
        public boolean isDefinedAt(Object node) { return listed(node) != null; }

        public Object applyOrElse(Object node, Function1 otherwise) {
            Index index = listed(node);
            return index == null ? otherwise.apply(node) : DeltaTableUtils.replaceFileIndex((LogicalPlan) node, index);
        }

        private static Index listed(Object node) {
            if (!(node instanceof LogicalRelation)) return null;
            Object relation = ((LogicalRelation) node).relation();
            Object location = relation instanceof HadoopFsRelation ? ((HadoopFsRelation) relation).location() : null;
            // By the class itself: there are subclasses, for changes, that mean other rows of the same files.
            Class kind = location == null ? null : location.getClass();
            if (kind != TahoeLogFileIndex.class && kind != TahoeBatchFileIndex.class) return null;
            TahoeFileIndex index = (TahoeFileIndex) location;
            if (!index.partitionSchema().isEmpty()) return null;
            if (index instanceof TahoeBatchFileIndex) {
                TahoeBatchFileIndex batch = (TahoeBatchFileIndex) index;
                return new Index(batch, batch.snapshot(), batch.addFiles(), batch.sizeInBytes());
            }
            Snapshot snapshot = ((TahoeLogFileIndex) index).getSnapshot();
            if (snapshot.checksumOpt().isEmpty()) return null;
            VersionChecksum checksum = (VersionChecksum) snapshot.checksumOpt().get();
            if (checksum.allFiles().isEmpty()) return null;
            return new Index(index, snapshot, (Seq) checksum.allFiles().get(), checksum.tableSizeBytes());
        }
    }

    /** The files of one version of a table without partitions. */
    public static class Index extends TahoeFileIndexWithSnapshotDescriptor {
        private final Seq files;
        private final long bytes;

        public Index(TahoeFileIndex of, SnapshotDescriptor snapshot, Seq files, long bytes) {
            super(of.spark(), of.deltaLog(), of.path(), snapshot);
            this.files = files;
            this.bytes = bytes;
        }

        public Seq matchingFiles(Seq partitionFilters, Seq dataFilters) { return files; }
        public String[] inputFiles() {
            String[] paths = new String[files.size()];
            for (int i = 0; i < paths.length; i++) {
                paths[i] = absolutePath(((AddFile) files.apply(i)).path()).toString();
            }
            return paths;
        }
        public void refresh() {}
        public long sizeInBytes() { return bytes; }

        // Equal scans of a query are done once.
        public boolean equals(Object other) {
            if (!(other instanceof Index)) return false;
            Index index = (Index) other;
            return path().equals(index.path()) && version() == index.version() && files.equals(index.files);
        }
        public int hashCode() { return 31 * path().hashCode() + (int) version(); }
    }
}
