using Sluice.Orchestration.Ports;
using Sluice.Registry;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What every registry sees of changes behind its back. Derive once per store; add no tests there.</summary>
public abstract class TamperingContract : RegistryContract
{
    [Fact]
    public async Task A_bundle_whose_row_was_changed_is_not_handed_out()
    {
        var hash = await Registry.Deployments.PutBundleAsync(new("a", new Dictionary<string, string>()), default);
        await Place.ChangeBundleAsync(hash);

        var refused = await Assert.ThrowsAsync<RegistryException>(() => Registry.Deployments.GetBundleAsync(hash, default));
        Assert.Equal(RegistryError.RegistryCorrupt, refused.Error);
    }

    [Theory]
    [InlineData(AuditTampering.ChangeActor, 3, 3)]
    [InlineData(AuditTampering.DropDetail, 1, 1)]
    [InlineData(AuditTampering.ChangeHash, 5, 5)]
    [InlineData(AuditTampering.Remove, 2, 2)]
    [InlineData(AuditTampering.Remove, 5, 5)]
    [InlineData(AuditTampering.RemoveAll, 0, 1)]
    [InlineData(AuditTampering.RemoveHead, 0, 1)]
    [InlineData(AuditTampering.NumberAs9, 4, 4)]
    public async Task A_changed_or_removed_entry_is_found(AuditTampering tampering, long number, long found)
    {
        for (var i = 1; i <= 5; i++)
        {
            await Registry.Events.AuditAsync(new AuditEntry(At(i), "demo-lead", "rollout.abort", "api.prod.v1.0.0.abcd", "too slow", "accepted"), default);
        }

        await Place.TamperAsync(tampering, number);

        Assert.Equal(found, await Registry.Events.VerifyAuditAsync(default));
    }
}
