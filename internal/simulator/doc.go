// Package simulator is a strict stand-in for two of Alibaba Cloud's RPC APIs over TLS: Classic Load Balancer
// (product slb, version 2014-05-15) and STS (2015-04-01), with the role credentials of the ECS metadata service
// beside them. It checks what the real ones check, by their own codes and statuses, and where their documents leave
// room it takes the harsher reading: lists come in no order, and a refused signature is echoed with all that was signed.
//
// Facts are from the products' API references and from Alibaba Cloud Go SDK v1.63.107; what neither says and was
// chosen here is marked "own choice".
//
// It never stores, logs or shows a private key it was sent, never calls another machine, and shares no code with
// the client that it tests.
package simulator
