using Sluice.Api.Http;
using Sluice.Orchestration.Ports;

namespace Sluice.Api.Tests;

public sealed class RouteTableTests
{
    [Fact]
    public void Routes_that_azure_reserves_are_served_by_the_embedded_host_only() =>
        Assert.DoesNotContain(RouteTable.Routes, r =>
            !r.EmbeddedOnly
            && (r.Pattern.StartsWith("admin", StringComparison.OrdinalIgnoreCase) || r.Pattern.StartsWith("runtime", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void No_two_routes_answer_the_same() =>
        Assert.Equal(RouteTable.Routes.Count, RouteTable.Routes.DistinctBy(r => (r.Method, r.Pattern)).Count());

    [Fact]
    public void Every_route_that_changes_something_is_audited() =>
        Assert.All(RouteTable.Routes, r => Assert.Equal(r.Method is not "GET", r.Action is not null));

    [Fact]
    public void Only_the_shallow_health_route_is_open() =>
        Assert.Equal("health", Assert.Single(RouteTable.Routes, r => r.Access == Access.Open).Pattern);

    [Theory]
    [InlineData(Access.Deployer, Role.Approver)]
    [InlineData(Access.Approver, Role.Deployer)]
    [InlineData(Access.System, Role.Admin)]
    public void Two_people_are_two_keys(Access access, Role role) => Assert.False(access.Allows(role));
}
