package lakeflow.local;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Subquery;
import org.apache.spark.sql.catalyst.plans.logical.SupportsSubquery;
import org.apache.spark.sql.catalyst.plans.logical.V2WriteCommand;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.delta.DeltaTableUtils;
import org.apache.spark.sql.delta.OptimisticTransaction;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.VersionChecksum;
import org.apache.spark.sql.delta.actions.AddFile;
import org.apache.spark.sql.delta.commands.DeletionVectorUtils$;
import org.apache.spark.sql.delta.files.TahoeFileIndexWithSnapshotDescriptor;
import org.apache.spark.sql.delta.files.TahoeLogFileIndex;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * Reads a small Delta table without a Spark job for the list of its files: Delta's checksum file beside the commit has
 * the list too. Delta itself asks its log by a job, for each table of each query, which is most of what a question
 * about a small table costs. A question of cost alone: the version is the one that Delta would read, the files are
 * those that it would list, and where a part of that is not sure, Delta does as it always does.
 */
public class SmallTables extends AbstractFunction1 {
    /** Beyond it, statistics of files may save more than their list costs: as SMALL_QUERY_BYTES of querycost.py. */
    private static final long SMALL = 4L << 20;

    public Object apply(Object extensions) {
        ((SparkSessionExtensions) extensions).injectPreCBORule(new Rules());
        return BoxedUnit.UNIT;
    }

    /** Gives each session the rule. */
    public static class Rules extends AbstractFunction1 {
        public Object apply(Object session) { return new ListedByChecksum(); }
    }

    /** Comes before Delta's rule that lists files, and leaves alone what that one leaves alone. */
    public static class ListedByChecksum extends Rule {
        public TreeNode apply(TreeNode plan) {
            boolean isPlannedLater =
                plan instanceof Subquery || plan instanceof SupportsSubquery || plan instanceof V2WriteCommand;
            if (isPlannedLater) return plan;
            return ((LogicalPlan) plan).transformUpWithSubqueries(new Listed());
        }
    }

    private static class Listed extends AbstractPartialFunction {
        /** By table, its version in this query. */
        private final Map snapshots = new HashMap();

        public boolean isDefinedAt(Object node) { return index(node) != null; }

        public Object applyOrElse(Object node, Function1 otherwise) {
            TahoeLogFileIndex index = index(node);
            Snapshot snapshot = index == null ? null : snapshot(index);
            KnownFiles known = snapshot == null ? null : KnownFiles.of(index, snapshot);
            return known == null ? otherwise.apply(node) : DeltaTableUtils.replaceFileIndex((LogicalPlan) node, known);
        }

        /** Null for the table of a transaction, which has to know what it has read. Of others it keeps the version. */
        private Snapshot snapshot(TahoeLogFileIndex index) {
            Option transaction = OptimisticTransaction.getActive();
            if (transaction.isDefined()) {
                Object reads = ((OptimisticTransaction) transaction.get()).getDeltaScanGenerator(index);
                return reads instanceof Snapshot ? (Snapshot) reads : null;
            }
            Object table = index.deltaLog().compositeId();
            if (!snapshots.containsKey(table)) snapshots.put(table, index.getSnapshot());
            return (Snapshot) snapshots.get(table);
        }

        private static TahoeLogFileIndex index(Object node) {
            if (!(node instanceof LogicalRelation)) return null;
            Object relation = ((LogicalRelation) node).relation();
            if (!(relation instanceof HadoopFsRelation)) return null;
            Object location = ((HadoopFsRelation) relation).location();
            if (!(location instanceof TahoeLogFileIndex)) return null;
            TahoeLogFileIndex index = (TahoeLogFileIndex) location;
            return index.isTimeTravelQuery() || !index.partitionFilters().isEmpty() ? null : index;
        }
    }

    /** The files of one version of a table, all of which a query reads, whatever it filters by. */
    public static class KnownFiles extends TahoeFileIndexWithSnapshotDescriptor {
        private final Snapshot snapshot;
        private final Seq files;
        private final long bytes;

        private KnownFiles(TahoeLogFileIndex index, Snapshot snapshot, Seq files, long bytes) {
            super(index.spark(), index.deltaLog(), index.path(), snapshot);
            this.snapshot = snapshot;
            this.files = files;
            this.bytes = bytes;
        }

        /** Null where Delta has to list the files. */
        static KnownFiles of(TahoeLogFileIndex index, Snapshot snapshot) {
            if (snapshot.checksumOpt().isEmpty() || !snapshot.metadata().partitionColumns().isEmpty()) return null;
            if (DeletionVectorUtils$.MODULE$.deletionVectorsReadable(snapshot.protocol(), snapshot.metadata())) return null;
            VersionChecksum checksum = (VersionChecksum) snapshot.checksumOpt().get();
            if (checksum.tableSizeBytes() > SMALL) return null;
            Seq files = KnownSnapshot.files(checksum);
            return files == null ? null : new KnownFiles(index, snapshot, files, checksum.tableSizeBytes());
        }

        public Seq matchingFiles(Seq partitionFilters, Seq dataFilters) { return files; }

        public String[] inputFiles() {
            String[] paths = new String[files.size()];
            for (int i = 0; i < paths.length; i++) {
                paths[i] = absolutePath(((AddFile) files.apply(i)).path()).toString();
            }
            return paths;
        }

        public void refresh() { }

        public long sizeInBytes() { return bytes; }

        public boolean equals(Object other) {
            return other instanceof KnownFiles && ((KnownFiles) other).snapshot == snapshot;
        }

        public int hashCode() { return System.identityHashCode(snapshot); }
    }
}
