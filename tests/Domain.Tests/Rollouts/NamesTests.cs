using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Domain.Tests.Plans;

namespace Sluice.Domain.Tests.Rollouts;

public sealed class NamesTests
{
    [Fact]
    public void Every_name_of_a_rollout_follows_from_its_id()
    {
        var id = RolloutIds.Instance("catalog-api", "production", "V1.2.0-RC.1/x", RolloutIds.SuffixOf("key"));

        Assert.Equal("catalog-api.production.v1.2.0-rc.1-x.2c70e12b", id);
        Assert.Equal("2c70e12b", RolloutIds.Suffix(id));
        Assert.Equal($"{id}:5-soak", RolloutIds.Child(id, 5, "soak"));
        Assert.Equal($"{id}:5-soak:2", RolloutIds.Child(id, 5, "soak", 2));
        Assert.Equal(id, RolloutIds.Parent(RolloutIds.Child(id, 5, "soak", 2)));
        Assert.Equal($"{id}~staging", RolloutIds.Deployment(id, "staging"));
        Assert.Equal("v1.2.0-2c70e12b", RolloutIds.Revision("v1.2.0", id));
    }

    [Fact]
    public void Retries_are_numbered()
    {
        Assert.Equal("a.b.v1.0.0-r1.0a0a0a0a-r2", RolloutIds.Retry("a.b.v1.0.0-r1.0a0a0a0a"));
        Assert.Equal("a.b.v1.0.0-r1.0a0a0a0a-r3", RolloutIds.Retry("a.b.v1.0.0-r1.0a0a0a0a-r2"));
        Assert.Equal("v1.0.0-0a0a0a0a-r2", RolloutIds.Revision("v1.0.0", "a.b.v1.0.0.0a0a0a0a-r2"));
    }

    [Fact]
    public void Versions_are_ordered_as_semantic_versioning_says()
    {
        string[] ordered = ["v0.1.0", "1.0.0-alpha", "v1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "v1.0.0", "1.10.0", "v2.0.0"];
        var versions = ordered.Select(v => ReleaseVersion.Parse(v, out _)!).ToList();

        Assert.DoesNotContain(null, versions);
        for (var i = 0; i < versions.Count; i++)
        {
            for (var j = 0; j < versions.Count; j++)
            {
                Assert.Equal(i > j, versions[i].IsNewerThan(versions[j]));
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("1.0")]
    [InlineData("v01.0.0")]
    [InlineData("latest")]
    [InlineData("1.0.0+build")]
    [InlineData("1.0.0-")]
    [InlineData("1.0.0-a..b")]
    [InlineData("1.0.0/../x")]
    public void What_is_no_version_is_refused_with_an_example(string text)
    {
        Assert.Null(ReleaseVersion.Parse(text, out var fault));
        Assert.Contains("such as v0.1.0", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rollback_reaches_every_environment_that_was_changed_newest_first()
    {
        var plan = PlanCompiler.Compile(Example.Bundle).Plan!;

        Assert.Empty(RollbackReach.Of(plan, 1).Environments);
        Assert.Equal(["staging"], RollbackReach.Of(plan, 7).Environments);
        Assert.Equal(["production", "staging"], RollbackReach.Of(plan, 11).Environments);
        Assert.Equal(["production", "staging"], RollbackReach.Of(plan, 11).Undone.Select(m => m.Environment));
        Assert.Equal(["staging", "production"], RollbackReach.LockOrder(plan));
    }

    [Fact]
    public void A_migration_that_cannot_be_undone_forbids_going_below_it_unless_it_only_adds()
    {
        var plan = PlanCompiler.Compile(Example.Bundle).Plan!;
        var migrate = (Step.Migrate)plan.Steps[1] with { Reversible = false, Down = [] };

        Assert.Single(RollbackReach.Of(plan with { Steps = [migrate] }, 1).Forbidding);
        var expand = RollbackReach.Of(plan with { Steps = [migrate with { Expand = true }] }, 1);
        Assert.Single(expand.Left);
        Assert.Empty(expand.Forbidding);
    }
}
