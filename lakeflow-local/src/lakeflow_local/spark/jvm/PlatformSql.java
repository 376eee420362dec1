package lakeflow.local;

import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
import org.apache.spark.sql.catalyst.analysis.TableFunctionRegistry;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAlias;
import org.apache.spark.sql.catalyst.analysis.UnresolvedExtractValue;
import org.apache.spark.sql.catalyst.analysis.UnresolvedFunction;
import org.apache.spark.sql.catalyst.analysis.UnresolvedStar;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SemiStructuredExtract;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.catalyst.trees.TreePattern;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.VariantType;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.List$;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * What the platform's SQL has beyond Spark's, through Spark's own extension points: `:` on a text that holds JSON, and
 * the table function event_log. The functions are built-in ones, so that views may use them.
 */
public class PlatformSql extends AbstractFunction1 {
    private static final String EXTRACT = "lakeflow_extract";

    public Object apply(Object extensions) {
        register(FunctionRegistry.builtin(), EXTRACT, new Extract());
        register(TableFunctionRegistry.builtin(), "event_log", new EventLog());
        ((SparkSessionExtensions) extensions).injectHintResolutionRule(new ColonRule());
        ((SparkSessionExtensions) extensions).injectParser(new Parsers());
        return BoxedUnit.UNIT;
    }

    private static void register(
            org.apache.spark.sql.catalyst.analysis.FunctionRegistryBase functions, String name, Function1 builder) {
        functions.registerFunction(new FunctionIdentifier(name), new ExpressionInfo("lakeflow.local", name), builder);
    }

    static Seq seq(Object[] items) {
        Seq found = List$.MODULE$.empty();
        for (int i = items.length - 1; i >= 0; i--) found = (Seq) found.prepended(items[i]);
        return found;
    }

    static Literal text(String value) { return new Literal(UTF8String.fromString(value), DataTypes.StringType); }
    static Seq none() { return seq(new Object[0]); }

    /** Gives each session the parser. */
    public static class Parsers extends AbstractFunction2 {
        public Object apply(Object session, Object inner) { return new PlatformParser((ParserInterface) inner); }
    }

    /** Gives each session the rule. */
    public static class ColonRule extends AbstractFunction1 {
        public Object apply(Object session) { return new Colon(); }
    }

    /**
     * Writes `a:b` as a call of the function that knows what to do for the type of `a`. Spark's own rule takes a
     * VARIANT only and raises an error for anything else, so this comes before the batch of rules that it is in.
     */
    public static class Colon extends Rule {
        public TreeNode apply(TreeNode plan) {
            LogicalPlan logical = (LogicalPlan) plan;
            if (!logical.containsPattern(TreePattern.SEMI_STRUCTURED_EXTRACT())) return logical;
            return logical.resolveExpressions(new Rewritten());
        }
    }

    private static class Rewritten extends AbstractPartialFunction {
        public boolean isDefinedAt(Object node) { return true; }

        public Object applyOrElse(Object node, Function1 otherwise) {
            if (node instanceof UnresolvedAlias && ((UnresolvedAlias) node).child() instanceof UnresolvedExtractValue) {
                Expression child = ((UnresolvedAlias) node).child();
                SemiStructuredExtract named = extract(child);
                String name = named == null ? null : JsonPath.lastName(named.field());
                if (name == null) return node;
                return new Alias(child, name, NamedExpression.newExprId(), none(), Option.empty(), none());
            }
            SemiStructuredExtract found = node instanceof Expression ? extract((Expression) node) : null;
            if (found == null) return node;
            Seq arguments = seq(new Object[] {found.child(), text(found.field())});
            return new UnresolvedFunction(
                seq(new Object[] {EXTRACT}), arguments, false, Option.empty(), Option.empty(), none(), false);
        }

        /** `a:b`, also where Spark's parser has read `[*]` and what follows it as parts of the value; else null. */
        private static SemiStructuredExtract extract(Expression node) {
            if (node instanceof SemiStructuredExtract) return (SemiStructuredExtract) node;
            if (!(node instanceof UnresolvedExtractValue)) return null;
            Expression child = ((UnresolvedExtractValue) node).child();
            SemiStructuredExtract inner = extract(child instanceof Alias ? ((Alias) child).child() : child);
            if (inner == null) return null;
            Expression part = ((UnresolvedExtractValue) node).extraction();
            String step = part instanceof UnresolvedStar ? "*" : null;
            if (part instanceof Literal) {
                Object value = ((Literal) part).value();
                step = value instanceof Integer ? value.toString() : "'" + value + "'";
            }
            return step == null ? null : new SemiStructuredExtract(inner.child(), inner.field() + "[" + step + "]");
        }
    }

    /** `a:b`, once the type of `a` is known. */
    public static class Extract extends AbstractFunction1 {
        public Object apply(Object given) {
            Seq arguments = (Seq) given;
            Expression value = (Expression) arguments.apply(0);
            Expression path = (Expression) arguments.apply(1);
            if (value.dataType() instanceof VariantType) {
                return new SemiStructuredExtract(value, ((Literal) path).value().toString());
            }
            if (!(value.dataType() instanceof StringType)) {
                throw new IllegalArgumentException("`:` reads a text that holds JSON, or a VARIANT, and "
                    + value.sql() + " is " + value.dataType().sql());
            }
            Expression text = new Cast(value, DataTypes.StringType, Option.empty());
            return new StaticInvoke(
                JsonPath.class, DataTypes.StringType, "extract", seq(new Object[] {text, path}),
                none(), true, true, true, Option.empty());
        }
    }
}
