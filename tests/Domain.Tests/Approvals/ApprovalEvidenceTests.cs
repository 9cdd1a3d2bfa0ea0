using Sluice.Domain.Approvals;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Tests.Approvals;

/// <summary>The hash stands for all that is approved, and for nothing else.</summary>
public sealed class ApprovalEvidenceTests
{
    private static readonly ApprovalEvidence Evidence = new(
        "2 approval by ana", new Release("v1.0.0", "abc", "image:1"), "v1.0.0-1a2b3c4d", "f00d",
        [new FinishedStep(0, "deploy production", "Passed", "ready after 3s"), new FinishedStep(1, "soak 15m", "Passed", "3 errors in 9000 requests")],
        [new ReportedCondition("ci", true, "ci-key", "build 7")]);

    public static TheoryData<string, ApprovalEvidence> Others => new()
    {
        { "gate", Evidence with { Gate = "3 approval by ana" } },
        { "version", Evidence with { Release = Evidence.Release with { Version = "v1.0.1" } } },
        { "commit", Evidence with { Release = Evidence.Release with { Commit = null } } },
        { "artifact", Evidence with { Release = Evidence.Release with { Artifact = "image:2" } } },
        { "commit and artifact swapped", Evidence with { Release = new Release("v1.0.0", "image:1", "abc") } },
        { "revision", Evidence with { Revision = "v1.0.0-ffffffff" } },
        { "plan", Evidence with { BundleHash = "beef" } },
        { "a verdict", Evidence with { Finished = [Evidence.Finished[0], Evidence.Finished[1] with { Message = "30 errors in 9000 requests" }] } },
        { "a verdict's state", Evidence with { Finished = [Evidence.Finished[0], Evidence.Finished[1] with { State = "Skipped" }] } },
        { "one step fewer", Evidence with { Finished = [Evidence.Finished[0]] } },
        { "text that moved from one member to the next", Evidence with { Finished = [Evidence.Finished[0] with { Title = "deploy production\",\"Passed" }, Evidence.Finished[1]] } },
        { "a report", Evidence with { Conditions = [Evidence.Conditions[0] with { Passed = false }] } },
        { "a report's note", Evidence with { Conditions = [Evidence.Conditions[0] with { Note = "build 8" }] } },
        { "no report", Evidence with { Conditions = [] } },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Whatever_is_another_has_another_hash(string what, ApprovalEvidence other) =>
        Assert.True(Evidence.Hash() != other.Hash(), what);

    [Fact]
    public void The_same_has_the_same_whoever_reported_it_and_in_which_order()
    {
        var second = new ReportedCondition("load-test", true, "ana", null);
        var one = Evidence with { Conditions = [Evidence.Conditions[0], second] };
        var other = Evidence with { Conditions = [second, Evidence.Conditions[0] with { By = "another-key" }] };

        Assert.Equal(one.Hash(), other.Hash());
        Assert.Equal(Evidence.Hash(), (Evidence with { Finished = [.. Evidence.Finished] }).Hash());
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(12, true)]
    [InlineData(11, false)]
    [InlineData(0, false)]
    public void The_beginning_of_a_hash_stands_for_it_when_it_is_long_enough(int length, bool means)
    {
        var hash = Evidence.Hash();

        Assert.Equal(means, ApprovalEvidence.Means(hash[..length].ToUpperInvariant(), hash));
        Assert.False(ApprovalEvidence.Means(hash + "0", hash));
    }
}
