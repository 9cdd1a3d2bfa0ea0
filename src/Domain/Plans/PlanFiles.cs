using Sluice.Domain.Plans.Compilation;

namespace Sluice.Domain.Plans;

/// <summary>Finds the files that a plan names, so that a client can send them along.</summary>
public static class PlanFiles
{
    /// <summary>
    /// The relative paths a plan names, each once, in order. Works on faulty plans as far as they can be read; paths that lead out of the
    /// plan's folder are left out, and refused when the plan is compiled.
    /// </summary>
    public static IReadOnlyList<string> Referenced(string planText)
    {
        if (planText.Length > Bundle.MaxBytes || YamlTree.Read(planText, new Faults()) is not { } root
            || StrategySection.Expand(root, new Faults()) is not Node.Mapping plan)
        {
            return [];
        }

        var environments = Values(plan.Find("environments")).SelectMany(e => Texts(Find(e, "variables")));
        var inSteps = Items(plan.Find("steps")).SelectMany(step => Texts(Find(Find(step, "migrate"), "up"))
            .Concat(Texts(Find(Find(step, "migrate"), "down")))
            .Concat(Texts(Find(Find(step, "smoke"), "suite")))
            .Concat(Items(Find(Find(step, "checklist"), "items")).SelectMany(item => Texts(Find(item, "smoke")))));
        return [.. environments.Concat(inSteps).Where(BundleFiles.IsInside).Distinct()];
    }

    private static Node? Find(Node? node, string key) => (node as Node.Mapping)?.Find(key);

    private static IReadOnlyList<Node> Items(Node? node) => (node as Node.Sequence)?.Items ?? [];

    private static IEnumerable<Node> Values(Node? node) => (node as Node.Mapping)?.Entries.Select(e => e.Value) ?? [];

    private static IEnumerable<string> Texts(Node? node) => node switch
    {
        Node.Scalar { IsNull: false } scalar => [scalar.Text],
        Node.Sequence list => list.Items.OfType<Node.Scalar>().Select(s => s.Text),
        _ => [],
    };
}
