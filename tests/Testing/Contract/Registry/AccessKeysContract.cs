using Sluice.Orchestration.Ports;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>What every store of keys promises. Derive once per store; add no tests there.</summary>
public abstract class AccessKeysContract : RegistryContract
{
    private static readonly AccessKey Ci = new("demo-ci", Role.Deployer, ["catalog-api"], new string('a', 64), At(1));

    private IAccessKeys Keys => Registry.Keys;

    [Fact]
    public async Task A_key_is_found_by_its_hash()
    {
        Assert.True(await Keys.AddAsync(Ci, default));

        var found = await Other.Keys.FindAsync(Ci.Sha256, default);

        Assert.Equal(["catalog-api"], found!.Services);
        Assert.Equal(Ci with { Services = found.Services }, found);
        Assert.Null(await Keys.FindAsync(new string('b', 64), default));
    }

    [Fact]
    public async Task A_taken_name_keeps_its_key()
    {
        await Keys.AddAsync(Ci, default);

        Assert.False(await Keys.AddAsync(Ci with { Role = Role.Admin, Sha256 = new string('b', 64) }, default));
        Assert.Null(await Keys.FindAsync(new string('b', 64), default));
        Assert.Equal(Role.Deployer, Assert.Single(await Keys.ListAsync(default)).Role);
    }

    [Fact]
    public async Task Of_two_that_race_for_a_name_one_gets_it()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            (i % 2 == 0 ? Registry : Other).Keys.AddAsync(Ci with { Sha256 = new string((char)('0' + i), 64) }, default))));

        Assert.Single(added, a => a);
    }

    [Fact]
    public async Task Keys_are_listed_by_name_and_a_removed_one_is_gone()
    {
        await Keys.AddAsync(Ci, default);
        await Keys.AddAsync(new("admin", Role.Admin, [], new string('c', 64), At(0)), default);

        Assert.Equal(["admin", "demo-ci"], (await Keys.ListAsync(default)).Select(k => k.Name));
        Assert.True(await Keys.RemoveAsync("demo-ci", default));
        Assert.False(await Keys.RemoveAsync("demo-ci", default));
        Assert.Null(await Keys.FindAsync(Ci.Sha256, default));
    }
}
